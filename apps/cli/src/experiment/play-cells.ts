/** Cells over several processes. */
import type { Cell } from "@fedtune/simulation";
import type { Job, PlayedCell } from "./job.ts";

/** How cells are played. */
export interface PlayCellsOptions {
  /** Starts a process. */
  readonly start: () => Job;
  /** Processes at a time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Awaited before the process gets its next cell; what it throws ends everything. */
  readonly played: (cell: PlayedCell) => Promise<void>;
  /** A process ended in the middle of a cell, which is played once more. */
  readonly retried: (cell: Cell) => void;
}

/**
 * Plays every cell. A cell whose process dies is played once more in a fresh one; if that dies too, it has failed.
 *
 * @throws the reason of `signal`; what `played` throws; FedtuneError when a process can play no cell at all
 */
export async function playCells(cells: readonly Cell[], options: PlayCellsOptions): Promise<void> {
  const { jobs, signal } = options;
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);
  const queue = cells.values();
  const lanes = Array.from({ length: Math.min(jobs, cells.length) }, () =>
    playLane(queue, { ...options, signal: all }).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  // All of them end before this does: nothing of the experiment runs on after it.
  const outcomes = await Promise.allSettled(lanes);
  all.throwIfAborted();
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** Takes cells from the queue until it is empty. */
async function playLane(queue: IterableIterator<Cell>, options: PlayCellsOptions): Promise<void> {
  const { start, signal, played } = options;
  let job: Job | null = null;
  const end = (): void => job?.end();
  signal.addEventListener("abort", end);
  const attempt = async (cell: Cell): Promise<PlayedCell | null> => {
    signal.throwIfAborted();
    job ??= start();
    const done = await job.play(cell);
    signal.throwIfAborted();
    if (done === null) job = null;
    return done;
  };
  try {
    for (const cell of queue) {
      const first = await attempt(cell);
      if (first === null) options.retried(cell);
      await played(first ?? (await attempt(cell)) ?? lost(cell));
    }
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

function lost(cell: Cell): PlayedCell {
  const message = "The process that played this cell ended before it was done, twice";
  const result = {
    ...cell,
    status: "failed" as const,
    failure: { code: "internal", message },
    ...{ configHash: null, adapterHash: null, rows: [], shares: null, clients: [] },
  };
  return { result, seconds: 0 };
}
