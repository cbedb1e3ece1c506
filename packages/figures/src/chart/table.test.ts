import { describe, expect, it } from "vitest";
import { seriesStyle } from "../palette.ts";
import {
  sampleAccuracy,
  sampleCompare,
  sampleLoss,
  samplePrivacy,
} from "../test-support/sample-run.ts";
import type { LineChart } from "./model.ts";
import { chartSentence, footNotes, nearestX, readAt, readingSentence, stepX } from "./sentence.ts";
import { chartCsv, chartJson, chartTable } from "./table.ts";
import { plainText } from "../text.ts";

const provenance = {
  run: "message-triage",
  configHash: "b41f".padEnd(60, "0") + "09c2",
  at: "2026-11-20T13:06:18Z",
};

const two: LineChart = {
  title: "Two",
  x: { kind: "round", name: "round" },
  y: { kind: "fraction", name: "accuracy" },
  better: "higher",
  series: [
    { id: "a", label: "=cmd()", x: [1, 2, 4], y: [0.1, NaN, 0.3], style: seriesStyle(0) },
    {
      id: "b",
      label: 'say "b", please',
      x: [2, 3],
      y: [0.5, Infinity],
      style: seriesStyle(1),
      n: [7, 8],
    },
  ],
  foot: "Two lines.\nOne note.",
};

describe("a chart as a table", () => {
  it("has every x once, and of each line what it has there", () => {
    const { columns, rows } = chartTable(two);
    expect(rows).toBe(4);
    expect(columns.map(({ values }) => [...values])).toEqual([
      [1, 2, 3, 4],
      [0.1, NaN, NaN, 0.3],
      [NaN, 0.5, Infinity, NaN],
      [NaN, 7, 8, NaN],
    ]);
  });

  it("tells bands and n in columns of their own", () => {
    const names = chartTable(sampleAccuracy()).columns.map(({ name }) => name);
    expect(names).toEqual([
      "round",
      "Clients",
      "Clients, low",
      "Clients, high",
      "Clients, n",
      "Central",
    ]);
  });

  it("is CSV in full precision and base units, and nothing that a spreadsheet would run", () => {
    const lines = chartCsv(two, provenance).split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "# Two. Two lines. One note.",
      "# Run message-triage, config b41f…09c2, 2026-11-20T13:06:18Z",
      `# ${provenance.configHash}`,
    ]);
    expect(lines[3]).toBe(
      `round,'=cmd() (fraction),"say ""b"", please (fraction)","say ""b"", please, n"`,
    );
    expect(lines.slice(4)).toEqual(["1,0.1,,", "2,,0.5,7", "3,,inf,8", "4,0.3,,", ""]);
  });

  it("reads back from CSV bit for bit", () => {
    const chart = sampleAccuracy();
    const lines = chartCsv(chart).trim().split("\n").slice(2);
    const clients = lines.map((line) => Number(line.split(",")[1]));
    expect(clients).toEqual(Array.from(chart.series[0]!.y));
  });

  it("is JSON with its origin", () => {
    const read = JSON.parse(chartJson(two, provenance)) as {
      provenance: unknown;
      columns: { name: string; unit: string | null; values: unknown[] }[];
    };
    expect(read.provenance).toEqual(provenance);
    expect(read.columns[2]).toEqual({
      name: 'say "b", please',
      unit: "fraction",
      values: [null, 0.5, "inf", null],
    });
  });
});

describe("a chart in words", () => {
  const plain = (text: string): string => text.replaceAll("\u202F", " ");

  it("says quantity, first, last, best and limits", () => {
    expect(plain(chartSentence(two))).toBe(
      'Two. =cmd(): first 10.0 % at round 1, last 30.0 % at round 4, best 30.0 % at round 4. say "b", please: 50.0 % at round 2.',
    );
    expect(chartSentence(samplePrivacy())).toMatch(
      /^Privacy spent, ε at δ = 10\^−5\. .*limit 3\.00\.$/,
    );
    expect(
      chartSentence({ ...two, series: [{ ...two.series[0]!, y: [NaN, NaN, NaN] }] }),
    ).toContain("no value yet");
  });

  it("the best loss is the lowest", () => {
    const lines = { ...two, better: "lower" } as const;
    expect(plain(chartSentence(lines))).toContain("best 10.0 % at round 1");
  });

  it("reads raw values at a place", () => {
    expect(readAt(two, 2).map(({ series, detail }) => [series.id, detail])).toEqual([
      ["b", "n = 7"],
    ]);
    expect(plain(readingSentence(two, 4))).toBe("Round 4, =cmd() 30.0 %");
    expect(readingSentence(two, 9)).toBe("Round 9, no value");
    const [clients] = readAt(sampleAccuracy(), 12);
    expect(plain(plainText(clients!.text))).toMatch(/^\d\d\.\d %$/);
    expect(plain(clients!.detail)).toMatch(/^\d\d\.\d % to \d\d\.\d %, n = 31$/);
  });

  it("finds the nearest place, and the next one in either direction", () => {
    expect([0, 1.4, 2.6, 99].map((x) => nearestX(two, x))).toEqual([1, 1, 3, 4]);
    expect([stepX(two, 1, 1), stepX(two, 2, 1), stepX(two, 4, 1)]).toEqual([2, 3, 4]);
    expect([stepX(two, 4, -1), stepX(two, 3, -1), stepX(two, 1, -1)]).toEqual([3, 2, 1]);
    expect(nearestX({ ...two, series: [] }, 3)).toBeNull();
  });

  it("walks over the places of runs that cost differently", () => {
    const chart = sampleCompare();
    const seen: number[] = [];
    let x = nearestX(chart, 0)!;
    for (let i = 0; i < 500; i++) {
      seen.push(x);
      const next = stepX(chart, x, 1);
      if (next === x) break;
      x = next;
    }
    expect(seen.length).toBe(chartTable(chart).rows);
  });

  it("the foot counts what could not be drawn", () => {
    expect(footNotes(sampleLoss())).toBe("Not finite: 1 value, crosses on the upper edge.");
    const log = {
      ...two,
      y: { ...two.y, scale: "log" },
      series: [{ ...two.series[0]!, y: [0, -1, 2] }],
    } as const;
    expect(footNotes(log)).toBe("Not drawn: 2 values at or below 0.");
    expect(footNotes({ ...samplePrivacy(), halfLife: 5 })).toBe(
      "Smoothed, half-life 5 rounds; the raw line is pale.",
    );
    expect(footNotes(samplePrivacy())).toBe("");
  });
});
