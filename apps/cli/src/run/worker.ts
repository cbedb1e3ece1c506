/** `fedtune worker`: cells of experiments from a queue, in processes of this machine. */
import { availableParallelism } from "node:os";
import { exitCodes } from "../edge.ts";
import { cellIdentity } from "../experiment/plan.ts";
import { openFileHashes } from "../experiment/file-hashes.ts";
import { jobPool } from "../experiment/job-pool.ts";
import { startQueueWorker } from "../experiment/queue.ts";
import type { OrderedCell } from "../experiment/queue.ts";
import type { PlayedCell } from "../experiment/job.ts";
import type { Io } from "../io.ts";

/** What `fedtune worker` was asked for. */
export interface WorkerOptions {
  readonly queue: string;
  readonly jobs?: number | undefined;
}

/** Plays cells until it is interrupted. */
export async function runWorker(
  { queue: url, jobs = availableParallelism() }: WorkerOptions,
  io: Io,
): Promise<number> {
  const pool = jobPool();
  const play = async ({ cell, engine }: OrderedCell): Promise<PlayedCell> => {
    const name = cell.hash.slice(0, 12);
    // Files may have changed since the last cell.
    const own = await cellIdentity(cell, engine, openFileHashes());
    if (own !== cell.hash)
      throw new Error(`the data or the base model here differ from the experiment's`);
    const played = await pool.play(cell, engine);
    const { status } = played.result;
    io.event({ event: "played", cell: cell.hash, status, seconds: played.seconds });
    io.note(`Played ${name} in ${played.seconds.toFixed(1)} s: ${status}`);
    return played;
  };
  const worker = await startQueueWorker(url, {
    ...{ jobs, play },
    onError: (error) => {
      io.note(`The queue: ${error.message}`);
    },
  });
  io.note(`Waiting for cells, ${jobs} at a time`);
  io.event({ event: "waiting", jobs });
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  pool.end();
  await worker.close();
  return exitCodes.ok;
}
