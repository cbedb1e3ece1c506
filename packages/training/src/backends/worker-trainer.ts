/** The Trainer port over a worker thread: the parent's loop stays free while a step runs. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { FedtuneError } from "@fedtune/core";
import type { LocalTrainer } from "../trainer/trainer.ts";
import type { ChosenBackend } from "./backend.ts";
import { quietNative } from "./quiet-native.ts";
import type { FromWorker, TrainerTasks, WorkerSetup } from "./worker-messages.ts";
import type { WorkerEvents, WorkerLine } from "./worker-session.ts";
import { workerTasks } from "./worker-session.ts";

/** A trainer in a thread of its own. */
export interface WorkerTrainer extends LocalTrainer {
  /** Starts the worker if need be; resolves once the base model is loaded. @throws as the first job would */
  ready(): Promise<ChosenBackend>;
}

/**
 * A trainer whose worker is started by the first job, and anew by the next job after a crash.
 *
 * A crash ends the jobs that were running with `training-failed`; whoever owns the trainer closes it.
 */
export function createWorkerTrainer(setup: WorkerSetup): WorkerTrainer {
  const tasks = workerTasks<TrainerTasks, ChosenBackend>({ open: (events) => open(setup, events) });
  return {
    ready: () => tasks.ready(),
    train: (job, control) => tasks.ask("train", job, control),
    evaluate: (job, control) => tasks.ask("evaluate", job, control),
    predict: (job, control) => tasks.ask("predict", job, control),
    generate: (job, control) => tasks.ask("generate", job, control),
    close: () => tasks.close(),
  };
}

function open(
  setup: WorkerSetup,
  events: WorkerEvents<TrainerTasks, ChosenBackend>,
): WorkerLine<TrainerTasks> {
  const worker = startWorker(setup);
  const ended = (message: string, cause?: unknown): void =>
    events.ended(new FedtuneError("training-failed", message, { cause }));
  worker.on("message", (message: FromWorker<TrainerTasks, ChosenBackend>) =>
    events.message(message),
  );
  worker.on("error", (error) => ended(`The training thread crashed: ${error.message}`, error));
  worker.on("exit", (code) =>
    ended(`The training thread ended with code ${code} before its job was done`),
  );
  return {
    post: (message) => worker.postMessage(message),
    async end() {
      await worker.terminate();
    },
  };
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
