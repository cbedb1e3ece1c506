/** The parent's side of a trainer in a worker, whatever the platform calls a worker. */
import type { TrainControl } from "@fedtune/core";
import { FedtuneError } from "@fedtune/core";
import type { FromWorker, TaskTable, ToWorker } from "./worker-messages.ts";
import { fromPlain } from "./worker-messages.ts";

/** A worker that was started. */
export interface WorkerLine<T extends TaskTable<T>> {
  post(message: ToWorker<T>): void;
  /** Ends the worker, whatever it is doing. */
  end(): void | Promise<void>;
}

/** What a worker's line tells. */
export interface WorkerEvents<T extends TaskTable<T>, Ready> {
  message(message: FromWorker<T, Ready>): void;
  /** The worker is gone, or of no use any more. */
  ended(error: FedtuneError): void;
}

/** How workers are made. */
export interface WorkerSource<T extends TaskTable<T>, Ready> {
  open(events: WorkerEvents<T, Ready>): WorkerLine<T>;
  /** A worker ended by itself; the next task starts another one. */
  onLost?(error: FedtuneError): void;
}

/** Tasks over a worker that is started by the first of them, and anew by the next one after it ended. */
export interface WorkerTasks<T extends TaskTable<T>, Ready> {
  /** Starts the worker if need be. @throws as the first task would */
  ready(): Promise<Ready>;
  /** @throws FedtuneError as the worker does, `training-failed` when it ends, `cancelled` */
  ask<Name extends keyof T>(
    task: Name,
    job: T[Name]["job"],
    control: TrainControl,
  ): Promise<T[Name]["result"]>;
  /** Ends the worker; running tasks fail. A later task starts another one. */
  close(): Promise<void>;
}

/** How long an aborted step may go on before its worker is ended. */
const ABORT_GRACE_MS = 30_000;

type Result<T extends TaskTable<T>> = T[keyof T]["result"];

interface Waiting<T extends TaskTable<T>> {
  readonly control: TrainControl;
  resolve(result: Result<T>): void;
  reject(error: FedtuneError): void;
}

interface Session<T extends TaskTable<T>, Ready> {
  readonly line: WorkerLine<T>;
  readonly ready: Promise<Ready>;
  readonly waiting: Map<number, Waiting<T>>;
  /** Ends the worker and everything that waits for it. */
  end(error: FedtuneError): void | Promise<void>;
}

/** Opens no worker yet. */
export function workerTasks<T extends TaskTable<T>, Ready>(
  source: WorkerSource<T, Ready>,
): WorkerTasks<T, Ready> {
  let session: Session<T, Ready> | null = null;
  let nextId = 1;
  const open = (): Session<T, Ready> => {
    if (session !== null) return session;
    const opened = startSession(source, () => {
      if (session === opened) session = null;
    });
    session = opened;
    return opened;
  };
  return {
    ready: async () => open().ready,
    async ask(task, job, control) {
      if (control.signal.aborted) throw cancelled();
      const current = open();
      await untilReady(current.ready, control.signal);
      return perform(current, { type: "ask", task, id: nextId++, job }, control);
    },
    async close() {
      await session?.end(new FedtuneError("training-failed", "The training worker was closed"));
    },
  };
}

/** Waits for the worker, but not longer than the task is wanted: a base model may take minutes to come. */
async function untilReady(ready: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([ready, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function cancelled(): FedtuneError {
  return new FedtuneError("cancelled", "Stopped training: it was cancelled");
}

function startSession<T extends TaskTable<T>, Ready>(
  source: WorkerSource<T, Ready>,
  onEnd: () => void,
): Session<T, Ready> {
  const waiting = new Map<number, Waiting<T>>();
  let isOver = false;
  let [resolve, reject] = [(_: Ready): void => undefined, (_: FedtuneError): void => undefined];
  const ready = new Promise<Ready>((...both) => {
    [resolve, reject] = both;
  });
  // Whoever asks gets the rejection; nobody asking is no crash of the process.
  ready.catch(() => undefined);
  const end = (error: FedtuneError): void | Promise<void> => {
    if (isOver) return;
    isOver = true;
    onEnd();
    reject(error);
    for (const task of waiting.values()) task.reject(error);
    waiting.clear();
    return line.end();
  };
  const lost = (error: FedtuneError): void => {
    if (!isOver) source.onLost?.(error);
    void end(error);
  };
  const line = source.open({
    message(message) {
      if (message.type === "ready") resolve(message.ready);
      else if (message.type === "failed") lost(fromPlain(message.error));
      else settle(waiting, message);
    },
    ended: lost,
  });
  return { line, ready, waiting, end };
}

type Answer<T extends TaskTable<T>, Ready> = Exclude<
  FromWorker<T, Ready>,
  { readonly type: "ready" | "failed" }
>;

function settle<T extends TaskTable<T>, Ready>(
  waiting: Map<number, Waiting<T>>,
  message: Answer<T, Ready>,
): void {
  const asked = waiting.get(message.id);
  if (message.type === "progress") {
    asked?.control.onProgress?.(message.progress);
    return;
  }
  waiting.delete(message.id);
  if (message.type === "done") asked?.resolve(message.result);
  else asked?.reject(fromPlain(message.error));
}

async function perform<T extends TaskTable<T>, Ready>(
  session: Session<T, Ready>,
  request: ToWorker<T> & { readonly type: "ask" },
  control: TrainControl,
): Promise<Result<T>> {
  const { id } = request;
  const { line, waiting } = session;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = (): void => {
    line.post({ type: "abort", id });
    timer = setTimeout(() => void session.end(cancelled()), ABORT_GRACE_MS);
  };
  try {
    return await new Promise<Result<T>>((resolve, reject) => {
      waiting.set(id, { control, resolve, reject });
      control.signal.addEventListener("abort", abort, { once: true });
      line.post(request);
      if (control.signal.aborted) abort();
    });
  } finally {
    clearTimeout(timer);
    control.signal.removeEventListener("abort", abort);
  }
}
