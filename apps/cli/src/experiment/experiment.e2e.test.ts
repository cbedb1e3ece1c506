/** Whole experiments with real training in processes of their own. */
import { FedtuneError } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { canMountDisks, mountSmallDisk } from "@fedtune/testkit";
import { householdFile } from "@fedtune/training/node";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readResults } from "./experiment-text.ts";
import { runExperiment } from "./run-experiment.ts";
import type { ExperimentOptions, PlayedExperiment } from "./run-experiment.ts";

const binary = fileURLToPath(new URL("../../bin/fedtune.mjs", import.meta.url));

let home = "";
let file = "";
let first: PlayedExperiment;

/** Some rows of the built-in set, spread over its labels. */
async function rowsOf(part: "train.tsv" | "test.tsv", every: number): Promise<string> {
  const [head = "", ...rows] = (await readFile(householdFile(part), "utf8")).trim().split("\n");
  const path = join(home, part);
  await writeFile(
    path,
    `${[head, ...rows.filter((_, index) => index % every === 0)].join("\n")}\n`,
  );
  return path;
}

async function experimentFile(): Promise<string> {
  const data = await rowsOf("train.tsv", 32);
  const test = await rowsOf("test.tsv", 16);
  const labels = (await readFile(householdFile("labels.txt"), "utf8")).trim().split("\n");
  const experiment = {
    name: "tiny",
    base: {
      task: { kind: "sequence-classification", labels },
      adapter: { rank: 2, targetModules: ["query"] },
      training: { maxSteps: 2, batchSize: 4, maxLength: 12 },
      rounds: { numRounds: 2 },
      evaluation: { everyRounds: 2 },
      simulation: { data, test, clients: 2, partition: { scheme: "dirichlet-by-class" } },
    },
    variants: [
      { name: "shared", set: { "method.name": "fedavg" } },
      { name: "personal", set: { "method.name": "fedsa-lora" } },
      { name: "crowded", set: { "simulation.clients": 1000 } },
    ],
    seeds: { count: 2 },
  };
  const path = join(home, "tiny.json");
  await writeFile(path, JSON.stringify(experiment));
  return path;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "fedtune-experiment-"));
  file = await experimentFile();
  first = await play("first", { jobs: 2 });
});
afterAll(() => rm(home, { recursive: true }));

const at = (name: string): string => join(home, name);

function play(folder: string, options: ExperimentOptions = {}): Promise<PlayedExperiment> {
  return runExperiment(file, { out: at(folder), ...options });
}

/** Hashes of a folder's files by path, without the one file about time. */
async function contents(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(at(folder), { recursive: true, withFileTypes: true });
  const paths = entries
    .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
    .map((path) => path.slice(at(folder).length + 1))
    .filter((path) => path !== "timings.json")
    .sort();
  const bytes = await Promise.all(paths.map((path) => readFile(join(at(folder), path))));
  return new Map(paths.map((path, index) => [path, nodeHash.sha256(bytes[index]!)]));
}

/** Waits until a folder holds so many cells. */
async function holds(folder: string, count: number): Promise<void> {
  for (;;) {
    const names = await readdir(join(at(folder), "cells")).catch(() => []);
    if (names.filter((name) => name.endsWith(".json")).length >= count) return;
    await sleep(20);
  }
}

describe("an experiment", () => {
  it("has its cells in order, with rounds, shares, and what each client measured", () => {
    const { cells, engine, command } = first.result;
    expect([engine, command]).toEqual(["wasm, own kernels, 1 thread", `fedtune simulate ${file}`]);
    expect(cells.map(({ variant, seed }) => [variant, seed])).toEqual(
      ["shared", "personal", "crowded"].flatMap((name) => [1, 2].map((seed) => [name, seed])),
    );
    const [shared, , personal] = cells;
    expect(shared).toMatchObject({ status: "completed", failure: null, clients: [] });
    expect(shared!.rows.map(({ round }) => round)).toEqual([0, 1, 2]);
    expect(shared!.rows.at(-1)!.evaluation).toMatchObject({ examples: 25 });
    expect(shared!.shares).toMatchObject({ rows: 50 });
    expect(personal!.clients.map(({ name }) => name)).toEqual(["client-1", "client-2"]);
    expect(personal!.clients.every(({ examples }) => examples > 0)).toBe(true);
    expect(new Set(cells.slice(0, 4).map(({ adapterHash }) => adapterHash)).size).toBe(4);
  });

  it("has a report", async () => {
    const names = await readdir(at("first"));
    expect(names).toEqual(
      expect.arrayContaining(["experiment.json", "timings.json", "index.html", "results.csv"]),
    );
    const { panels } = await readResults(at("first"));
    expect(panels.flatMap(({ groups }) => groups.map(({ compared }) => compared))).toEqual([
      ...["shared", "personal", "crowded"],
    ]);
  });

  it("[SI12] goes on when a cell fails, which says why", () => {
    const [failed] = first.result.cells.filter(({ variant }) => variant === "crowded");
    expect(failed).toMatchObject({ status: "failed", adapterHash: null, rows: [], shares: null });
    expect(failed!.failure!.message).toMatch(/951 of 1000 have fewer.*50 rows/);
  });

  it("[SI14] stops when it is told to, and says how to go on", async () => {
    const stop = new AbortController();
    stop.abort(new FedtuneError("cancelled", "Interrupted"));
    await expect(play("broken", { signal: stop.signal })).rejects.toMatchObject({
      code: "cancelled",
      message:
        "Interrupted: 0 of 6 cells are finished and kept; the same command with --resume goes on",
    });
  });

  it("[SI11] has the same bytes with one job in place of two, after SIGKILL and --resume", async () => {
    const command = ["simulate", file, "--out", at("broken"), "--jobs", "1"];
    const killed = spawn(process.execPath, [binary, ...command], { stdio: "ignore" });
    await holds("broken", 2);
    killed.kill("SIGKILL");
    await once(killed, "close");
    const { result } = await play("broken", { resume: true, jobs: 1 });
    expect(result).toEqual(first.result);
    expect(await contents("broken")).toEqual(await contents("first"));
  });
});

describe("a folder", () => {
  const refused = (folder: string, options: ExperimentOptions, message: RegExp) =>
    expect(play(folder, options)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(message) as string,
    });

  it("[SI14] with played cells is left alone without --resume", async () => {
    const before = await contents("first");
    await refused("first", {}, /holds 6 played cells.*--resume.*--out/);
    expect(await contents("first")).toEqual(before);
  });

  it("of another experiment, version or engine is refused, and says which", async () => {
    const record = JSON.parse(
      await readFile(join(at("first"), "experiment.json"), "utf8"),
    ) as object;
    const other = async (change: object): Promise<void> => {
      await mkdir(at("other"), { recursive: true });
      await writeFile(
        join(at("other"), "experiment.json"),
        JSON.stringify({ ...record, ...change }),
      );
    };
    const resume = { resume: true };
    const set = [{ key: "name", value: "small" }];
    await other({});
    await refused("other", { ...resume, set }, /holds the experiment "tiny", wanted "small"/);
    await other({ version: "0.0.1" });
    await refused("other", resume, /were played by fedtune 0\.0\.1, this is/);
    await other({ engine: "tfjs-node" });
    await refused("other", resume, /were played on tfjs-node, wanted wasm/);
    await writeFile(join(at("other"), "experiment.json"), "{");
    await expect(play("other", resume)).rejects.toMatchObject({ code: "state-corrupt" });
  });

  it("with other files is refused", async () => {
    await mkdir(at("home"));
    await writeFile(join(at("home"), "thesis.tex"), "");
    await refused("home", { resume: true }, /holds other files/);
  });
});

it("[SI13] an experiment with a field that no run config has is refused with cell, field and place", async () => {
  const path = at("wrong.yaml");
  const grid = 'grid:\n  "adapter.rnk": [2, 4]\n';
  await writeFile(path, `name: wrong\n${grid}base: { simulation: { data: household-intents } }\n`);
  await expect(runExperiment(path, { out: at("wrong") })).rejects.toMatchObject({
    code: "config-conflict",
    data: {
      issues: [
        {
          field: "grid.adapter.rnk",
          place: `${path}:3:3`,
          value: 2,
          wanted:
            'a known key (did you mean "rank"?) (in the cell adapter.rnk 2, seed 1 and 2 more)',
        },
        { field: "grid.adapter.rnk", place: `${path}:3:3`, value: 4 },
      ],
    },
  });
  expect(await readdir(at("wrong")).catch(() => null)).toBeNull();
});

const isPossible = canMountDisks();
const title = isPossible ? "a full disk" : "a full disk (skipped: this user may not mount one)";

describe.skipIf(!isPossible)(title, () => {
  it("[SI14] ends an experiment in words, and leaves the finished cells to go on with", async () => {
    await mkdir(at("disk"));
    const disk = mountSmallDisk(at("disk"));
    try {
      const onProgress = ({ done }: { readonly done: number }): void => {
        if (done === 1) disk.fill();
      };
      await expect(play("disk/out", { jobs: 1, onProgress })).rejects.toMatchObject({
        code: "storage-failed",
        message: expect.stringMatching(/the disk is full: 1 of 6 cells are finished/) as string,
      });
      const whole = await contents("first");
      const left = await contents("disk/out");
      expect([...left.keys()].filter((path) => path.startsWith("cells"))).toHaveLength(1);
      for (const [path, bytes] of left) expect(bytes).toBe(whole.get(path));
    } finally {
      disk.unmount();
    }
  });
});
