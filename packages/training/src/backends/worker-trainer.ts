/** The Trainer port over a worker thread: the parent's loop stays free while a step runs. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { TrainControl } from "@fedtune/core";
import { FedtuneError } from "@fedtune/core";
import type { LocalTrainer } from "../trainer/trainer.ts";
import type { ChosenBackend } from "./backend.ts";
import { quietNative } from "./quiet-native.ts";
import type { FromWorker, TaskName, Tasks, ToWorker, WorkerSetup } from "./worker-messages.ts";
import { fromPlain } from "./worker-messages.ts";

/** A trainer in a thread of its own. */
export interface WorkerTrainer extends LocalTrainer {
  /** Starts the worker if need be; resolves once the base model is loaded. @throws as the first job would */
  ready(): Promise<ChosenBackend>;
}

/** How long an aborted step may go on before its thread is ended. */
const ABORT_GRACE_MS = 30_000;

interface Waiting {
  readonly control: TrainControl;
  resolve(result: Tasks[TaskName]["result"]): void;
  reject(error: FedtuneError): void;
}

interface Session {
  readonly worker: Worker;
  readonly ready: Promise<ChosenBackend>;
  readonly waiting: Map<number, Waiting>;
}

/**
 * A trainer whose worker is started by the first job, and anew by the next job after a crash.
 *
 * A crash ends the jobs that were running with `training-failed`; whoever owns the trainer closes it.
 */
export function createWorkerTrainer(setup: WorkerSetup): WorkerTrainer {
  let session: Session | null = null;
  let nextId = 1;
  const open = (): Session =>
    (session ??= startSession(setup, () => {
      session = null;
    }));
  const ask = async <Name extends TaskName>(
    type: Name,
    job: Tasks[Name]["job"],
    control: TrainControl,
  ): Promise<Tasks[Name]["result"]> => {
    if (control.signal.aborted)
      throw new FedtuneError("cancelled", "Stopped training: it was cancelled");
    const current = open();
    await current.ready;
    return perform(
      current,
      { type, id: nextId++, job } as ToWorker & { readonly id: number },
      control,
    );
  };
  return {
    ready: () => open().ready,
    train: (job, control) => ask("train", job, control),
    evaluate: (job, control) => ask("evaluate", job, control),
    predict: (job, control) => ask("predict", job, control),
    async close() {
      const closing = session;
      session = null;
      if (closing !== null) await closing.worker.terminate();
    },
  };
}

function startSession(setup: WorkerSetup, onEnd: () => void): Session {
  const worker = startWorker(setup);
  const waiting = new Map<number, Waiting>();
  const ready = new Promise<ChosenBackend>((resolve, reject) => {
    const end = (error: FedtuneError): void => {
      onEnd();
      reject(error);
      for (const job of waiting.values()) job.reject(error);
      waiting.clear();
    };
    worker.on("message", (message: FromWorker) => {
      if (message.type === "ready") resolve(message.backend);
      else if (message.type === "failed") end(fromPlain(message.error));
      else settle(waiting, message);
    });
    worker.on("error", (error) => {
      end(
        new FedtuneError("training-failed", `The training thread crashed: ${error.message}`, {
          cause: error,
        }),
      );
    });
    worker.on("exit", (code) => {
      end(
        new FedtuneError(
          "training-failed",
          `The training thread ended with code ${code} before its job was done`,
        ),
      );
    });
  });
  // Whoever asks gets the rejection; nobody asking is no crash of the process.
  ready.catch(() => undefined);
  return { worker, ready, waiting };
}

/** In source form the worker needs TypeScript and the packages' source condition; in built form nothing. */
function startWorker(workerData: WorkerSetup): Worker {
  // Native code reads the process's own environment; a worker would only change its copy.
  quietNative();
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./node-worker.js", import.meta.url), { workerData });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx"));
  const { href } = new URL("./esm/api/index.mjs", tsx);
  const code = `import { register } from ${JSON.stringify(href)}; register({ tsconfig: false });`;
  const loader = `data:text/javascript,${encodeURIComponent(code)}`;
  const execArgv = ["--conditions=@fedtune/source", "--import", loader];
  return new Worker(new URL("./node-worker.ts", import.meta.url), { workerData, execArgv });
}

type Answer = Exclude<FromWorker, { readonly type: "ready" | "failed" }>;

function settle(waiting: Map<number, Waiting>, message: Answer): void {
  const asked = waiting.get(message.id);
  if (message.type === "progress") {
    asked?.control.onProgress?.(message.progress);
    return;
  }
  waiting.delete(message.id);
  if (message.type === "done") asked?.resolve(message.result);
  else asked?.reject(fromPlain(message.error));
}

function perform<Result>(
  { worker, waiting }: Session,
  request: ToWorker & { readonly id: number },
  control: TrainControl,
): Promise<Result> {
  const { id } = request;
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    worker.postMessage({ type: "abort", id } satisfies ToWorker);
    timer = setTimeout(() => void worker.terminate(), ABORT_GRACE_MS);
  };
  const answer = new Promise<Tasks[TaskName]["result"]>((resolve, reject) => {
    waiting.set(id, { control, resolve, reject });
    control.signal.addEventListener("abort", abort, { once: true });
    worker.postMessage(request);
    if (control.signal.aborted) abort();
  });
  return answer.finally(() => {
    clearTimeout(timer);
    control.signal.removeEventListener("abort", abort);
  }) as Promise<Result>;
}
