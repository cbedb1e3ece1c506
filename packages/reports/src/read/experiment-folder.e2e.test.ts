import type { ExperimentResult } from "@fedtune/simulation";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleResult } from "../test-support/sample.ts";
import { readExperiments } from "./experiment-folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-read-"));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (...names: readonly string[]): string => join(folder, ...names);

/** An experiment's folder as it is left behind. */
async function store(name: string, { cells, ...record }: ExperimentResult): Promise<void> {
  await mkdir(at(name, "cells"), { recursive: true });
  const list = cells.map(({ hash, variant, settings, seed }) => ({
    hash,
    variant,
    settings,
    seed,
  }));
  await writeFile(at(name, "experiment.json"), JSON.stringify({ ...record, cells: list }));
  for (const cell of cells) {
    await writeFile(at(name, "cells", `${cell.hash}.json`), JSON.stringify(cell));
  }
}

/** A single run's folder. */
async function storeRun(name: string, metric: string): Promise<void> {
  const [cell] = sampleResult().cells;
  const rows = cell!.rows.map((row) =>
    JSON.stringify({ ...row, evaluation: { [metric]: row.evaluation![metric] } }),
  );
  await mkdir(at(name));
  await writeFile(at(name, "rounds.jsonl"), `${rows.join("\n")}\n`);
  await writeFile(at(name, "config.json"), JSON.stringify({ seed: 7, method: { name: "fedavg" } }));
}

const small = sampleResult({ methods: 2, epsilons: [3], seeds: [1, 2] });

describe("folders of experiments", () => {
  it("give back what was put in", async () => {
    await store("a", small);
    expect(await readExperiments([at("a")])).toEqual([
      { label: small.experiment.name, result: small },
    ]);
  });

  it("read a number that is not finite as none", async () => {
    const rows = small.cells[0]!.rows.map((row) => ({ ...row, evaluation: { accuracy: NaN } }));
    await store("a", { ...small, cells: [{ ...small.cells[0]!, rows }] });
    const [read] = await readExperiments([at("a")]);
    expect(read!.result.cells[0]!.rows[1]!.evaluation!["accuracy"]).toBeNaN();
  });

  it("of one name are told apart by their folders", async () => {
    await store("a", small);
    await store("b", small);
    const read = await readExperiments([at("a"), at("b")]);
    const name = small.experiment.name;
    expect(read.map(({ label }) => label)).toEqual([
      `${name} (${at("a")})`,
      `${name} (${at("b")})`,
    ]);
  });

  it("name the cells that are missing", async () => {
    await store("a", small);
    const gone = at("a", "cells", `${small.cells[2]!.hash}.json`);
    await rm(gone);
    await expect(readExperiments([at("a")])).rejects.toMatchObject({
      code: "file-missing",
      message: expect.stringContaining(gone) as string,
    });
  });

  it.each(["{", "{}", '{"hash":1}'])("name a cell that holds %s", async (content) => {
    await store("a", small);
    const broken = at("a", "cells", `${small.cells[1]!.hash}.json`);
    await writeFile(broken, content);
    await expect(readExperiments([at("a")])).rejects.toMatchObject({
      code: "state-corrupt",
      message: expect.stringContaining(broken) as string,
    });
  });

  it("that are none, or are not there, say what was wanted", async () => {
    for (const name of ["empty", "absent"]) {
      if (name === "empty") await mkdir(at(name));
      await expect(readExperiments([at(name)])).rejects.toMatchObject({
        code: "file-missing",
        message: expect.stringContaining("wanted an experiment") as string,
      });
    }
  });
});

describe("folders of single runs", () => {
  it("are experiments of one cell, named after their folder", async () => {
    await storeRun("my run", "accuracy");
    const [read] = await readExperiments([at("my run")]);
    expect(read!.label).toBe("my-run");
    expect(read!.result.experiment.report).toMatchObject({ metric: "accuracy", better: "higher" });
    expect(read!.result.cells).toHaveLength(1);
    expect(read!.result.cells[0]!).toMatchObject({ seed: 7, variant: null, settings: {} });
  });

  it("without accuracy are read by their loss, beside an experiment by its question", async () => {
    await storeRun("run", "loss");
    const [alone] = await readExperiments([at("run")]);
    expect(alone!.result.experiment.report).toMatchObject({ metric: "loss", better: "lower" });
    await store("a", small);
    const [beside] = await readExperiments([at("run"), at("a")]);
    expect(beside!.result.experiment.report).toEqual(small.experiment.report);
  });

  it("name the line that cannot be read", async () => {
    await storeRun("run", "accuracy");
    await writeFile(at("run", "rounds.jsonl"), "{}\n{");
    await expect(readExperiments([at("run")])).rejects.toMatchObject({
      code: "state-corrupt",
      message: expect.stringContaining("rounds.jsonl") as string,
    });
  });
});
