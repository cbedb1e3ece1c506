import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-report-"));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (...names: readonly string[]): string => join(folder, ...names);

/** A row as `fedtune simulate --out` writes it. */
const row = (round: number, accuracy: number) => ({
  round,
  evaluation: { accuracy },
  training: round === 0 ? null : { loss: 1 },
  method: {},
  aggregationError: null,
  ...{ sampled: 2, accepted: 2, refusals: {}, declined: 0, gone: 0 },
  ...{ bytesUp: 10, bytesDown: 20, controlBytesUp: 1, controlBytesDown: 1 },
  ...{ evaluationTraffic: null, seconds: 0, epsilon: null },
});

async function storeRun(name: string, seed: number): Promise<void> {
  await mkdir(at(name));
  const rows = [row(0, 0.1), row(1, 0.5 + seed / 100)].map((one) => JSON.stringify(one));
  await writeFile(at(name, "rounds.jsonl"), `${rows.join("\n")}\n`);
  await writeFile(at(name, "config.json"), JSON.stringify({ seed }));
}

describe("fedtune report", () => {
  it("writes the report of a folder into it", async () => {
    await storeRun("first", 1);
    const { code, stdout } = await callMain("report", at("first"));
    expect([code, stdout]).toEqual([0, `Report: ${at("first", "index.html")}\nCells: 1\n`]);
    expect(await readFile(at("first", "results.csv"), "utf8")).toContain("0.51");
  });

  it("compares several in a folder of their own, with event files where they are wanted", async () => {
    await storeRun("first", 1);
    await storeRun("second", 1);
    const folders = [at("first"), at("second")];
    const options = ["--out", at("both"), "--tensorboard", at("events"), "--json"];
    const { code, stdout } = await callMain("report", ...folders, ...options);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cells: 2, failed: 0, tensorboard: at("events") });
    expect(await readFile(at("both", "index.html"), "utf8")).toContain("2 values of experiment");
  });

  it("needs a place for a comparison, and folders that are experiments", async () => {
    await storeRun("first", 1);
    const both = await callMain("report", at("first"), at("first"));
    expect(both.stderr).toMatch(/^error usage: Cannot compare 2 folders without --out/);
    const none = await callMain("report", at("absent"));
    expect([none.code, none.stderr]).toEqual([
      3,
      expect.stringMatching(/^error file-missing: Cannot report .*absent/) as string,
    ]);
  });
});
