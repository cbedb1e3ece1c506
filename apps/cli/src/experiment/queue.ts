/**
 * Cells over several machines: an experiment puts them into a queue in Postgres or Redis, workers take them out.
 *
 * A cell's place in the queue is its hash, so that it is there once whoever puts it in how often, and what a worker found is
 * found again. A worker that dies loses its hold after {@link LOCK_MS}, and the next one plays the cell anew: at least once,
 * to the same bytes.
 */
import { FedtuneError } from "@fedtune/core";
import { cellResultSchema, cellSchema } from "@fedtune/simulation";
import type { Cell } from "@fedtune/simulation";
import { createPostgresBackend, createRedisBackend, withBackend } from "bullmq";
import type { BackendFactory, IQueueBackend, RedisOptions } from "bullmq";
import { z } from "zod";
import { version } from "../version.ts";
import type { Engine } from "./engine.ts";
import type { Job, PlayedCell } from "./job.ts";

const NAME = "fedtune-cells";
/** How long a worker that says nothing keeps its cell; it says something every half of it. */
const LOCK_MS = 15_000;
/** How often the others look for cells whose worker is gone. */
const LOOK_MS = 5_000;

const engine = z.strictObject({
  backend: z.enum(["tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"]),
  text: z.string(),
});

/** Both ways as text: a database that reads JSON may give its keys back in an order of its own. */
const text = z.string().transform((json): unknown => JSON.parse(json));
/** What is put into the queue. */
const ordered = z.strictObject({ version: z.string(), engine, cell: cellSchema });
/** What a worker answers. */
const answered = z.strictObject({ result: cellResultSchema, seconds: z.number() });

/** A cell as a worker takes it. */
export interface OrderedCell {
  readonly engine: Engine;
  readonly cell: Cell;
}

/** The experiment's side of a queue. */
export interface CellQueue {
  /** One lane of an experiment: puts a cell in and waits for its result. */
  lane(engine: Engine): Job;
  close(): Promise<void>;
}

/** A worker at a queue. */
export interface QueueWorker {
  /** Gives back what it was playing, to be played by others. */
  close(): Promise<void>;
}

/** What a worker does with cells. */
export interface WorkerOptions {
  /** Cells at a time. */
  readonly jobs: number;
  readonly play: (ordered: OrderedCell) => Promise<PlayedCell>;
  readonly onError: (error: Error) => void;
}

/** BullMQ's classes over the store that an address names, and how it is reached. */
function storeOf(url: string) {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (/^postgres(ql)?:$/.test(protocol))
    return bound(createPostgresBackend, { connectionString: url, migrate: true });
  if (/^rediss?:$/.test(protocol)) {
    // A wait for the next cell has no end; BullMQ asks for this.
    const connection: RedisOptions = { url, maxRetriesPerRequest: null };
    return bound(createRedisBackend, connection);
  }
  const message =
    "Cannot open the queue: wanted an address that begins with postgres:// or redis://";
  throw new FedtuneError("usage", message);
}

function bound<B extends IQueueBackend, C>(factory: BackendFactory<B, C>, connection: C) {
  const { Queue, QueueEvents, Worker } = withBackend(factory);
  return {
    async open() {
      const [queue, events] = [
        new Queue<unknown, unknown>(NAME, { connection }),
        new QueueEvents(NAME, { connection }),
      ];
      // Lost connections come back; what matters is said where it is waited for.
      queue.on("error", () => undefined);
      events.on("error", () => undefined);
      const close = async (): Promise<void> => {
        await Promise.all([queue.close(), events.close()]);
      };
      await opened(Promise.all([queue.waitUntilReady(), events.waitUntilReady()]), close);
      return {
        close,
        /** Puts data in under an id, unless it is there, and waits for what a worker answers. */
        async answerTo(jobId: string, data: unknown): Promise<unknown> {
          // One that nobody could answer is tried anew by the next who asks.
          const before = await queue.getJob(jobId);
          if (before !== undefined && (await before.isFailed())) await before.remove();
          // What a worker cannot play another one may; twice, as in processes of one machine.
          const job = await queue.add("cell", data, { jobId, attempts: 2 });
          return job.waitUntilFinished(events);
        },
      };
    },
    async work(answer: (data: unknown) => Promise<unknown>, { jobs, onError }: WorkerOptions) {
      const worker = new Worker<unknown, unknown>(NAME, ({ data }) => answer(data), {
        ...{ connection, concurrency: jobs, autorun: false, maxStalledCount: 3 },
        ...{ lockDuration: LOCK_MS, stalledInterval: LOOK_MS },
      });
      worker.on("error", onError);
      const close = (): Promise<void> => worker.close(true);
      await opened(worker.waitUntilReady(), close);
      void worker.run();
      return { close };
    },
  };
}

async function opened(ready: Promise<unknown>, close: () => Promise<void>): Promise<void> {
  try {
    await ready;
  } catch (error) {
    await close().catch(() => undefined);
    const why = error instanceof Error ? error.message || error.name : String(error);
    const message = `Cannot reach the queue: ${why}; its address was named with --queue`;
    throw new FedtuneError("storage-failed", message, { cause: error });
  }
}

/**
 * Opens a queue for an experiment.
 *
 * @param url `postgres://...` or `redis://...`
 * @throws FedtuneError `usage` for another address, `storage-failed` when it does not answer
 */
export async function openCellQueue(url: string): Promise<CellQueue> {
  const queue = await storeOf(url).open();
  const play = async (cell: Cell, of: Engine): Promise<PlayedCell> => {
    const order = { version: version(), engine: of, cell };
    const answer = await queue
      .answerTo(`cell-${cell.hash}`, JSON.stringify(order))
      .catch((error: unknown) => Promise.reject(notPlayed(cell, error)));
    return answered.parse(text.parse(answer));
  };
  return { lane: (of) => laneOf((cell) => play(cell, of)), close: () => queue.close() };
}

/** A lane that is ended waits no more; its cell stays in the queue, where somebody may be playing it. */
function laneOf(play: (cell: Cell) => Promise<PlayedCell>): Job {
  let end = (): void => undefined;
  const ended = new Promise<null>((resolve) => {
    end = () => {
      resolve(null);
    };
  });
  return { play: (cell) => Promise.race([play(cell), ended]), end: () => end() };
}

/**
 * Takes cells out of a queue until it is closed.
 *
 * @throws FedtuneError `usage`, `storage-failed`
 */
export function startQueueWorker(url: string, options: WorkerOptions): Promise<QueueWorker> {
  const answer = async (data: unknown): Promise<string> => {
    const { version: wanted, ...order } = ordered.parse(text.parse(data));
    if (wanted === version()) return JSON.stringify(await options.play(order));
    throw new Error(`this worker is fedtune ${version()}, the experiment's is ${wanted}`);
  };
  return storeOf(url).work(answer, options);
}

function notPlayed({ hash }: Cell, error: unknown): FedtuneError {
  const why = error instanceof Error ? error.message : String(error);
  const message = `No worker could play cell ${hash.slice(0, 12)}: ${why}`;
  return new FedtuneError("internal", message, { cause: error, data: { cell: hash } });
}
