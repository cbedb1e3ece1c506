import { describe, expect, it } from "vitest";
import { sampleResult } from "../test-support/sample.ts";
import { summarize } from "../summary/summarize.ts";
import { csvText } from "./csv.ts";
import { resultsJson } from "./results-json.ts";
import { resultsCsv, roundsCsv, summaryCsv } from "./tables.ts";

const result = sampleResult({ failed: 4 });
const summary = summarize([{ label: "sample", result }]);

/** Rows of a file without quoted cells that break lines. */
function rowsOf(text: string): Record<string, string>[] {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const split = (line: string) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((match) => String(match[1]));
  const names = split(head);
  return lines.map((line) =>
    Object.fromEntries(split(line).map((cell, i): [string, string] => [names[i] ?? "", cell])),
  );
}

describe("tables", () => {
  it("have a line per cell, failed ones with their reason and without a value", () => {
    const rows = rowsOf(resultsCsv(summary));
    expect(rows).toHaveLength(24);
    const failed = rows.filter(({ status }) => status === "failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ accuracy: "", failureCode: "not-enough-clients" });
    const cell = result.cells[0]!;
    expect(rows[0]).toMatchObject({
      cell: cell.hash,
      seed: "1",
      "set.method.name": "fedavg",
      accuracy: String(cell.rows.at(-1)!.evaluation!["accuracy"]),
    });
  });

  it("have a line per group with the ends of its interval", () => {
    const rows = rowsOf(summaryCsv(summary));
    expect(rows).toHaveLength(8);
    const [first] = rows;
    const middle = (Number(first!["accuracy low"]) + Number(first!["accuracy high"])) / 2;
    expect(middle).toBeCloseTo(Number(first!["accuracy"]), 12);
    expect(first).toMatchObject({ "accuracy n": "3", "set.privacy.epsilon": "3", best: "0" });
  });

  it("have a line per round of a cell, with what was spent so far", () => {
    const rows = rowsOf(roundsCsv(summary));
    expect(rows).toHaveLength(23 * 41 + 7);
    expect(rows[40]).toMatchObject({ round: "40", epsilon: "3" });
    expect(Number(rows[40]!["bytesUpSoFar"])).toBe(40 * 8 * 313_488);
  });

  it("quote what needs it, defuse what a spreadsheet would run, and leave out what is not finite", () => {
    expect(
      csvText([
        { a: 'x,"y"', b: "=1+1" },
        { b: Infinity, c: 1e21 },
      ]),
    ).toBe(`a,b,c\n"x,""y""",'=1+1,\n,,1e+21\n`);
  });

  it("as JSON hold every cell, group and pair", () => {
    const document = JSON.parse(resultsJson(summary)) as {
      panels: { groups: { cells: unknown[] }[]; pairs: unknown[] }[];
    };
    expect(document.panels.flatMap(({ groups }) => groups.flatMap((g) => g.cells))).toHaveLength(
      24,
    );
    expect(document.panels.map(({ pairs }) => pairs.length)).toEqual([6, 6]);
  });
});
