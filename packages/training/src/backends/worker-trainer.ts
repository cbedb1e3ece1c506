/** The Trainer port over a worker thread: the parent's loop stays free while a step runs. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { FedtuneError } from "@fedtune/core";
import type { LocalTrainer } from "../trainer/trainer.ts";
import { backendNames } from "./backend.ts";
import type { AvoidedBackend, ChosenBackend } from "./backend.ts";
import { lostBackend } from "./device-lost.ts";
import { quietNative } from "./quiet-native.ts";
import type { FromWorker, TrainerTasks, ToWorker, WorkerSetup } from "./worker-messages.ts";
import type { WorkerEvents, WorkerLine } from "./worker-session.ts";
import { workerTasks } from "./worker-session.ts";

/** A trainer in a thread of its own. */
export interface WorkerTrainer extends LocalTrainer {
  /** Starts the worker if need be; resolves once the base model is loaded. @throws as the first job would */
  ready(): Promise<ChosenBackend>;
}

/** How a trainer's thread is started. */
export interface WorkerTrainerOptions {
  /** What runs in the thread instead of the product's own entry: a test's, with faults. */
  readonly entry?: URL;
  /** Called whenever a thread is ready: for the first time, and with what came after a crash or a lost device. */
  readonly onReady?: (backend: ChosenBackend) => void;
}

/** A device that is lost once may be there again; after so many losses `auto` goes past its backend. */
const MOST_LOSSES = 2;

/**
 * A trainer whose worker is started by the first job, and anew by the next job after a crash or the loss of its device.
 *
 * Both end the jobs that were running with `training-failed`, the loss with `data.reason` "device-lost" and
 * `data.backend`. The next job looks for a backend anew: where the device does not come back, or is lost again and again,
 * `auto` takes the next one in order. Whoever owns the trainer closes it.
 */
export function createWorkerTrainer(
  setup: WorkerSetup,
  options: WorkerTrainerOptions = {},
): WorkerTrainer {
  const losses = openLosses();
  const tasks = workerTasks<TrainerTasks, ChosenBackend>({
    open: (events) => open({ ...setup, avoid: losses.avoided() }, events, options),
    onLost: (error) => losses.count(error),
  });
  return {
    ready: () => tasks.ready(),
    train: (job, control) => tasks.ask("train", job, control),
    evaluate: (job, control) => tasks.ask("evaluate", job, control),
    predict: (job, control) => tasks.ask("predict", job, control),
    generate: (job, control) => tasks.ask("generate", job, control),
    close: () => tasks.close(),
  };
}

/** Which backends lost their device how often. */
function openLosses() {
  const losses: FedtuneError[] = [];
  return {
    count(error: FedtuneError): void {
      if (lostBackend(error) !== null) losses.push(error);
    },
    avoided: (): readonly AvoidedBackend[] =>
      backendNames.flatMap((backend) => {
        const own = losses.filter((error) => lostBackend(error) === backend);
        const last = own.at(-1);
        if (last === undefined || own.length < MOST_LOSSES) return [];
        return [{ backend, reason: "lost", message: last.message }];
      }),
  };
}

function open(
  setup: WorkerSetup,
  events: WorkerEvents<TrainerTasks, ChosenBackend>,
  options: WorkerTrainerOptions,
): WorkerLine<TrainerTasks> {
  const worker = startWorker(setup, options);
  let backend: string | null = null;
  const ended = (message: string, cause?: unknown): void =>
    events.ended(new FedtuneError("training-failed", message, { cause }));
  worker.on("message", (message: FromWorker<TrainerTasks, ChosenBackend>) => {
    events.message(message);
    if (message.type !== "ready") return;
    backend = message.ready.name;
    options.onReady?.(message.ready);
  });
  worker.on("error", (error) => ended(`The training thread crashed: ${error.message}`, error));
  worker.on("exit", (code) =>
    ended(`The training thread ended with code ${code} before its job was done`),
  );
  return {
    post: (message) => worker.postMessage(message),
    async end() {
      // Dawn ends the whole process with a thread to which it owes the answer to a read.
      if (backend === "webgpu") await untilClosed(worker);
      await worker.terminate();
    },
  };
}

/** How long a thread may wait for its graphics card, which has no way to drop what it was given. */
const CLOSE_MS = 60_000;

async function untilClosed(worker: Worker): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS);
    worker.once("exit", () => resolve());
    worker.postMessage({ type: "close" } satisfies ToWorker<TrainerTasks>);
  });
  clearTimeout(timer);
}

/** In source form the worker needs TypeScript and the packages' source condition; in built form nothing. */
function startWorker(workerData: WorkerSetup, { entry }: WorkerTrainerOptions): Worker {
  // Native code reads the process's own environment; a worker would only change its copy.
  quietNative();
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(entry ?? new URL("./node-worker.js", import.meta.url), { workerData });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx"));
  const { href } = new URL("./esm/api/index.mjs", tsx);
  const code = `import { register } from ${JSON.stringify(href)}; register({ tsconfig: false });`;
  const loader = `data:text/javascript,${encodeURIComponent(code)}`;
  const execArgv = ["--conditions=@fedtune/source", "--import", loader];
  const own = new URL("./node-worker.ts", import.meta.url);
  return new Worker(entry ?? own, { workerData, execArgv });
}
