/** A whole experiment: planned, played, kept and reported. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import { writeReport } from "@fedtune/reports";
import { cellResultSchema } from "@fedtune/simulation";
import type { Cell, CellResult, ExperimentResult, experimentSchema } from "@fedtune/simulation";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { loadConfig } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import type { Assignment } from "../values.ts";
import { commandOf } from "./command.ts";
import { startJob } from "./job.ts";
import type { Job } from "./job.ts";
import { planExperiment } from "./plan.ts";
import type { ExperimentPlan } from "./plan.ts";
import { playCells } from "./play-cells.ts";
import { openResultFolder } from "./result-folder.ts";
import type { ResultFolder } from "./result-folder.ts";
import { timekeeper } from "./timekeeper.ts";

/** An experiment as its author writes it. */
export type ExperimentInput = z.input<typeof experimentSchema>;

/** How far an experiment is. */
export interface ExperimentProgress {
  readonly total: number;
  /** With those that were taken from an earlier call. */
  readonly done: number;
  readonly failed: number;
  /** Guess from the cells played so far; null before the first. */
  readonly secondsLeft: number | null;
}

/** How an experiment is played. */
export interface ExperimentOptions {
  /** Fields of the experiment that are set over the file, `{ key: "seeds.count", value: 5 }`. */
  readonly set?: readonly Assignment[] | undefined;
  /** Folder of the results; by default `experiments-out/<name>`. */
  readonly out?: string | undefined;
  /** Processes that play cells; by default one per core. The results do not depend on it. */
  readonly jobs?: number | undefined;
  /**
   * Address of a queue, `postgres://...` or `redis://...`: cells are played by `fedtune worker` processes there, and `jobs`
   * is how many are in the queue at a time, all of them by default.
   */
  readonly queue?: string | undefined;
  /** Goes on with the finished cells that the folder holds. */
  readonly resume?: boolean | undefined;
  /** Where to train; by default wasm with our own kernels, the same on every machine. */
  readonly backend?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onStart?: (start: { readonly folder: string; readonly plan: ExperimentPlan }) => void;
  readonly onProgress?: (progress: ExperimentProgress) => void;
  /** Something that its user should know, one sentence. */
  readonly onNote?: (line: string) => void;
}

/** What an experiment came to, and where it lies. */
export interface PlayedExperiment {
  readonly result: ExperimentResult;
  readonly folder: string;
}

/**
 * Plays an experiment, given as a file's path or as an object, and writes its results and its report to a folder.
 *
 * Every cell trains with one thread, so the same experiment gives the same bytes whatever `jobs` is; only `timings.json`
 * differs. A cell that fails is a result, and the others go on.
 *
 * ```ts
 * import { runExperiment } from "fedtune";
 * const { result, folder } = await runExperiment(
 *   {
 *     name: "ranks",
 *     base: { simulation: { data: "household-intents", test: "household-intents" } },
 *     grid: { "adapter.rank": [2, 8] },
 *     seeds: { count: 3 },
 *   },
 *   { out: "results/ranks", jobs: 2 },
 * );
 * ```
 *
 * @throws FedtuneError `config-invalid`, `config-conflict` for what is wrong with the experiment; `usage` for a folder
 * that holds something else; `storage-failed` when the disk is full, `cancelled` when `signal` ends it: finished cells
 * stay, and `resume` goes on with them
 */
export async function runExperiment(
  experiment: string | ExperimentInput,
  options: ExperimentOptions = {},
): Promise<PlayedExperiment> {
  const { set, backend, resume = false } = options;
  const source = await sourceOf(experiment, set);
  const file = typeof experiment === "string" ? experiment : null;
  const plan = await planExperiment(source, {
    backend,
    command: commandOf({ file, set, backend }),
  });
  const path = options.out ?? join("experiments-out", plan.experiment.name);
  const folder = await openResultFolder(path, plan, { resume });
  options.onStart?.({ folder: path, plan });
  const results = await playMissing(plan, folder, options);
  const { experiment: parsed, version, engine, command } = plan;
  const cells = plan.cells.map(({ hash }) => found(results, hash));
  const result = { experiment: parsed, version, command, engine: engine.text, cells };
  await writeReport(result, path).catch((error: unknown) => {
    const { code, message, data } = asFedtuneError(error);
    const kept = `all cells are finished and kept; fedtune report ${path} writes it anew`;
    throw new FedtuneError(code, `${message}: ${kept}`, { data, cause: error });
  });
  return { result, folder: path };
}

function sourceOf(
  experiment: string | ExperimentInput,
  set: ExperimentOptions["set"],
): Promise<ConfigSource> {
  if (typeof experiment === "string") return loadConfig({ file: experiment, set });
  return loadConfig({ value: { ...experiment }, set });
}

/** Plays what the folder lacks; all results by hash. */
async function playMissing(
  plan: ExperimentPlan,
  folder: ResultFolder,
  options: ExperimentOptions,
): Promise<ReadonlyMap<string, CellResult>> {
  const { signal = new AbortController().signal } = options;
  const results = new Map(folder.finished);
  const missing = plan.cells.filter(({ hash }) => !results.has(hash));
  const time = timekeeper(missing.length, folder.timings);
  const tell = (): void =>
    options.onProgress?.({
      total: plan.cells.length,
      done: results.size,
      failed: [...results.values()].filter(({ status }) => status === "failed").length,
      secondsLeft: time.secondsLeft(),
    });
  tell();
  const players = await openPlayers(plan, missing.length, options);
  try {
    await playCells(missing, {
      ...{ jobs: players.jobs, signal, start: players.start },
      async played({ result: sent, seconds }) {
        // As it will be read back, so that a resumed experiment has the same values.
        const result = cellResultSchema.parse(sent);
        await folder.keep(result);
        results.set(result.hash, result);
        time.cellPlayed(result.hash, seconds);
        tell();
      },
      retried: (cell) => options.onNote?.(retryNote(cell)),
    });
  } catch (error) {
    throw resumable(error, results.size, plan.cells.length);
  } finally {
    await players.close();
    await folder.keepTimings(time.timings(players.jobs)).catch(() => undefined);
  }
  return results;
}

/** Who plays cells. */
interface Players {
  readonly jobs: number;
  readonly start: () => Job;
  close(): Promise<void>;
}

/** Processes of this machine, or the workers at a queue. */
async function openPlayers(
  { engine }: ExperimentPlan,
  cells: number,
  { jobs, queue: url }: ExperimentOptions,
): Promise<Players> {
  if (url === undefined) {
    const start = () => startJob(engine);
    return { jobs: jobs ?? availableParallelism(), start, close: () => Promise.resolve() };
  }
  const { openCellQueue } = await import("./queue.ts");
  const queue = await openCellQueue(url);
  return { jobs: jobs ?? cells, start: () => queue.lane(engine), close: () => queue.close() };
}

function retryNote({ hash }: Cell): string {
  return `The process that played cell ${hash.slice(0, 12)} ended; the cell is played once more`;
}

/** What ends an experiment before its end, with the way to go on. */
function resumable(error: unknown, done: number, total: number): FedtuneError {
  const { code, message, data } = asFedtuneError(error);
  const kept = `${done} of ${total} cells are finished and kept; the same command with --resume goes on`;
  return new FedtuneError(code, `${message}: ${kept}`, { data, cause: error });
}

function found(results: ReadonlyMap<string, CellResult>, hash: string): CellResult {
  const result = results.get(hash);
  if (result === undefined) throw new RangeError(`Cannot find the result of cell ${hash}`);
  return result;
}
