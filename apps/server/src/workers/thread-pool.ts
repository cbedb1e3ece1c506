/** A few threads that share a queue of tasks, and are replaced when they crash or take too long. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, Clock } from "@fedtune/core";
import { startThread } from "@fedtune/node-ports";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { compact, fromPlain, toPlain } from "./messages.ts";
import type { FromThread, Task, TaskName, Tasks, ToThread } from "./messages.ts";

/** How a pool works. */
export interface PoolOptions {
  readonly clock: Pick<Clock, "after">;
  /** Default: one less than the processors, at least 1, at most 4. */
  readonly threads?: number;
  /** Longest run of one task, start of its thread included; default half an hour for a round, one minute for all else. */
  readonly deadlines?: Readonly<Partial<Record<TaskName, number>>>;
  /** Starts a thread; for tests. */
  readonly start?: () => Worker;
}

/** Threads that check and combine. */
export interface ThreadPool {
  /**
   * Resolves with the task's answer. A task whose thread crashed is tried once more on another one.
   *
   * @throws FedtuneError `backend-broken` when that one crashed as well, `timeout` at the deadline, `draining` when the
   * pool closes, and what the task itself throws
   */
  run<Name extends TaskName>(
    task: Task & { readonly type: Name },
    blobs: Pick<Blobs, "get">,
  ): Promise<Tasks[Name]["result"]>;
  /** Ends all threads; what was running or waiting is rejected. */
  close(): Promise<void>;
}

const standardDeadlines: Readonly<Record<TaskName, number>> = {
  check: 60_000,
  combine: 30 * 60_000,
  announce: 60_000,
  estimate: 60_000,
};

/** Times that a task may be started: the first, and again after a crash. */
const MOST_STARTS = 2;

interface Job {
  readonly task: Task;
  readonly blobs: Pick<Blobs, "get">;
  readonly resolve: (result: Tasks[TaskName]["result"]) => void;
  readonly reject: (error: FedtuneError) => void;
  starts: number;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
  cancelDeadline: () => void;
}

interface Pool {
  readonly options: PoolOptions;
  readonly most: number;
  readonly threads: Set<Thread>;
  readonly queue: Job[];
  closed: boolean;
}

/** Makes a pool; threads start with their first task. */
export function threadPool(options: PoolOptions): ThreadPool {
  const most = options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const pool: Pool = { options, most, threads: new Set(), queue: [], closed: false };
  return {
    run: <Name extends TaskName>(task: Task, blobs: Pick<Blobs, "get">) =>
      new Promise<Tasks[Name]["result"]>((resolve, reject) => {
        const settle = resolve as Job["resolve"];
        if (pool.closed) reject(ended());
        else pool.queue.push({ task, blobs, resolve: settle, reject, starts: 0 });
        assign(pool);
      }),
    close: () => close(pool),
  };
}

async function close(pool: Pool): Promise<void> {
  pool.closed = true;
  const threads = [...pool.threads];
  const waiting = pool.queue.splice(0);
  for (const job of [...waiting, ...threads.flatMap((thread) => release(thread) ?? [])])
    job.reject(ended());
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
}

/** Gives waiting tasks to free threads. Rounds leave one thread to checks, where there is more than one. */
function assign(pool: Pool): void {
  while (!pool.closed) {
    const busy = [...pool.threads].filter(({ job }) => job !== null);
    const rounds = busy.filter(({ job }) => job?.task.type === "combine").length;
    const mayCombine = rounds < Math.max(1, pool.most - 1);
    const at = pool.queue.findIndex(({ task }) => task.type !== "combine" || mayCombine);
    if (at < 0 || busy.length >= pool.most) return;
    const idle = [...pool.threads].find(({ job }) => job === null) ?? openThread(pool);
    for (const job of pool.queue.splice(at, 1)) begin(pool, idle, job);
  }
}

function begin(pool: Pool, thread: Thread, job: Job): void {
  const { type } = job.task;
  const ms = pool.options.deadlines?.[type] ?? standardDeadlines[type];
  thread.job = job;
  job.starts += 1;
  thread.cancelDeadline = pool.options.clock.after(ms, () => {
    release(thread)?.reject(late(type, ms));
    end(pool, thread);
  });
  thread.worker.ref();
  thread.worker.postMessage(job.task);
}

/** Takes the task from a thread. */
function release(thread: Thread): Job | null {
  const { job } = thread;
  thread.job = null;
  thread.cancelDeadline();
  return job;
}

function openThread(pool: Pool): Thread {
  const worker = (pool.options.start ?? startOffloadThread)();
  const thread: Thread = { worker, job: null, cancelDeadline: () => undefined };
  pool.threads.add(thread);
  worker.on("message", (message: FromThread) => {
    heard(pool, thread, message);
  });
  worker.on("error", (error) => {
    crashed(pool, thread, error.message);
  });
  worker.on("exit", (code) => {
    crashed(pool, thread, `it ended with code ${String(code)}`);
  });
  return thread;
}

function startOffloadThread(): Worker {
  return startThread(new URL("./offload-thread.ts", import.meta.url), { name: "fedtune-offload" });
}

function heard(pool: Pool, thread: Thread, message: FromThread): void {
  if (message.type === "need") {
    if (thread.job !== null) void hand(thread, thread.job, message);
    return;
  }
  const job = release(thread);
  // A thread without work does not keep the process alive.
  thread.worker.unref();
  if (message.type === "done") job?.resolve(message.result);
  else job?.reject(fromPlain(message.error));
  assign(pool);
}

/** Fetches a blob for a thread that cannot reach the store. */
async function hand(
  thread: Thread,
  job: Job,
  { hash }: Extract<FromThread, { type: "need" }>,
): Promise<void> {
  const answer = await job.blobs.get(hash).then(
    (bytes): ToThread => ({ type: "blob", bytes: compact(bytes) }),
    (error: unknown): ToThread => ({ type: "no-blob", error: toPlain(error) }),
  );
  if (thread.job === job) thread.worker.postMessage(answer);
}

/** The first word of a crash; the thread's end follows and finds nothing left to do. */
function crashed(pool: Pool, thread: Thread, why: string): void {
  const job = release(thread);
  if (job !== null && job.starts < MOST_STARTS) pool.queue.unshift(job);
  else job?.reject(broken(job, why));
  end(pool, thread);
}

function end(pool: Pool, thread: Thread): void {
  if (!pool.threads.delete(thread)) return;
  void thread.worker.terminate();
  assign(pool);
}

function broken({ task: { type }, starts }: Job, why: string): FedtuneError {
  const message = `Cannot ${type} in a thread: ${String(starts)} threads crashed over it, the last: ${why}`;
  return new FedtuneError("backend-broken", message, { data: { task: type, starts } });
}

function late(type: TaskName, ms: number): FedtuneError {
  const message = `Cannot wait longer for a thread to ${type}: ${String(ms)} ms are over`;
  return new FedtuneError("timeout", message, { data: { task: type, ms } });
}

function ended(): FedtuneError {
  return new FedtuneError("draining", "Cannot work in a thread any more: the server closes");
}
