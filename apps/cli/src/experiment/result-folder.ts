/** The folder of an experiment's results: finished cells by their hash, each complete or not there at all. */
import { FedtuneError, parseInput } from "@fedtune/core";
import { cellResultSchema, experimentRecordSchema } from "@fedtune/simulation";
import type { Cell, CellResult, ExperimentRecord } from "@fedtune/simulation";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import type { ExperimentPlan } from "./plan.ts";
import { recordOf } from "./plan.ts";
import { DRAFT, makeFolder, writeWhole } from "./write-whole.ts";

/** An open folder. */
export interface ResultFolder {
  readonly path: string;
  /** Completed cells of the plan that were there already, by hash. */
  readonly finished: ReadonlyMap<string, CellResult>;
  /** Keeps a cell. @throws FedtuneError `storage-failed`; what was kept before stays */
  keep(result: CellResult): Promise<void>;
  /** Times are the only thing that a repetition has different. @throws FedtuneError `storage-failed` */
  keepTimings(timings: unknown): Promise<void>;
  /** Of an earlier call; null: none. */
  readonly timings: unknown;
}

/** How a folder is opened. */
export interface FolderOptions {
  /** Takes the completed cells that are there; without it a folder with cells is refused. */
  readonly resume: boolean;
}

const RECORD = "experiment.json";
const TIMINGS = "timings.json";

/**
 * Opens the folder for a plan, or makes it.
 *
 * With `resume` the completed cells of the same hash are taken; failed ones are played again. Other cells that are there
 * stay where they are.
 *
 * @throws FedtuneError `usage` when it holds something else, or cells and `resume` is false; `state-corrupt` when its
 * files cannot be read; `storage-failed`
 */
export async function openResultFolder(
  path: string,
  plan: ExperimentPlan,
  { resume }: FolderOptions,
): Promise<ResultFolder> {
  const cells = join(path, "cells");
  const before = await recordIn(path);
  const held = before === null ? [] : await hashesIn(cells);
  if (before !== null) refuseOther(path, before, plan);
  if (held.length > 0 && !resume) {
    throw refusal(
      path,
      `it holds ${held.length} played cells of this experiment; --resume goes on with them, --out names another folder`,
    );
  }
  await makeFolder(cells);
  const finished = await finishedIn(cells, held, plan.cells);
  await writeWhole(join(path, RECORD), `${JSON.stringify(recordOf(plan), null, 2)}\n`);
  const keep = (result: CellResult): Promise<void> =>
    writeWhole(join(cells, `${result.hash}.json`), `${JSON.stringify(result)}\n`);
  const renamed = plan.cells.flatMap((cell) => {
    const found = finished.get(cell.hash);
    return found === undefined || isOf(found, cell) ? [] : [{ ...found, ...cell }];
  });
  for (const result of renamed) {
    finished.set(result.hash, result);
    await keep(result);
  }
  return {
    path,
    finished,
    keep,
    timings: await timingsIn(path),
    keepTimings: (timings) =>
      writeWhole(join(path, TIMINGS), `${JSON.stringify(timings, null, 2)}\n`),
  };
}

/** What was played in a folder; null: it is not there, or empty. */
async function recordIn(path: string): Promise<ExperimentRecord | null> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
  const others = names.filter((name) => !name.endsWith(DRAFT));
  if (others.length === 0) return null;
  if (!names.includes(RECORD))
    throw refusal(path, "it holds other files; --out names another folder");
  return readChecked(join(path, RECORD), experimentRecordSchema);
}

function refuseOther(path: string, before: ExperimentRecord, plan: ExperimentPlan): void {
  const other = "--out names another folder";
  const { name } = plan.experiment;
  if (before.experiment.name !== name)
    throw refusal(
      path,
      `it holds the experiment "${before.experiment.name}", wanted "${name}"; ${other}`,
    );
  if (before.version !== plan.version)
    throw refusal(
      path,
      `its cells were played by fedtune ${before.version}, this is ${plan.version}; ${other}`,
    );
  if (before.engine !== plan.engine.text)
    throw refusal(
      path,
      `its cells were played on ${before.engine}, wanted ${plan.engine.text}; ${other}`,
    );
}

function refusal(path: string, why: string): FedtuneError {
  return new FedtuneError("usage", `Cannot put results into ${path}: ${why}`, {
    data: { folder: path },
  });
}

async function hashesIn(cells: string): Promise<string[]> {
  const names = await readdir(cells).catch(() => []);
  // What a process that was killed had half written.
  for (const name of names) if (name.endsWith(DRAFT)) await rm(join(cells, name), { force: true });
  return names.flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []));
}

async function finishedIn(
  cells: string,
  held: readonly string[],
  wanted: readonly Cell[],
): Promise<Map<string, CellResult>> {
  const there = new Set(held);
  const finished = new Map<string, CellResult>();
  for (const { hash } of wanted) {
    if (!there.has(hash)) continue;
    const result = await readChecked(join(cells, `${hash}.json`), cellResultSchema);
    if (result.status === "completed") finished.set(hash, result);
  }
  return finished;
}

/** Whether a kept result says the same of its cell as the plan: a variant may have got another name since. */
function isOf(result: CellResult, cell: Cell): boolean {
  return (["variant", "settings", "config"] as const).every(
    (key) => JSON.stringify(result[key]) === JSON.stringify(cell[key]),
  );
}

async function readChecked<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new FedtuneError("state-corrupt", `Cannot read ${path}: it is not JSON`, {
      data: { path },
      cause,
    });
  }
  return parseInput(schema, value, { what: path, code: "state-corrupt" });
}

async function timingsIn(path: string): Promise<unknown> {
  const text = await readFile(join(path, TIMINGS), "utf8").catch(() => null);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
