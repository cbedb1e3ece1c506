/** Entry of a worker thread that owns one base model on one backend and trains on request. */
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { loadTokenizer } from "../tokenizer/tokenizer.ts";
import type { LocalTrainer } from "../trainer/trainer.ts";
import { createTrainer } from "../trainer/trainer.ts";
import { chooseBackend } from "./node-choose.ts";
import { nodeEntropy } from "./node-entropy.ts";
import { nodeFiles } from "./node-files.ts";
import type { FromWorker, TaskName, Tasks, ToWorker, WorkerSetup } from "./worker-messages.ts";
import { toPlain } from "./worker-messages.ts";

const port = parentPort;
const aborts = new Map<number, AbortController>();

function tell(message: FromWorker): void {
  port?.postMessage(message);
}

async function start(setup: WorkerSetup): Promise<LocalTrainer> {
  const chosen = await chooseBackend(setup.backend, setup);
  const [checkpoint, tokenizer] = await Promise.all([
    loadCheckpoint(nodeFiles, setup.model),
    loadTokenizer(nodeFiles, setup.model),
  ]);
  const trainer = createTrainer({
    checkpoint,
    tokenizer,
    files: nodeFiles,
    clock: performance,
    entropy: nodeEntropy,
    pause: () => setImmediate(),
  });
  tell({ type: "ready", backend: chosen });
  return trainer;
}

async function serve(trainer: LocalTrainer, message: ToWorker): Promise<void> {
  switch (message.type) {
    case "abort":
      aborts.get(message.id)?.abort();
      return;
    case "close":
      await trainer.close();
      port?.close();
      return;
    case "train":
      return perform(message.id, (control) => trainer.train(message.job, control));
    case "evaluate":
      return perform(message.id, (control) => trainer.evaluate(message.job, control));
    case "predict":
      return perform(message.id, (control) => trainer.predict(message.job, control));
    default:
      return message satisfies never;
  }
}

type Control = Parameters<LocalTrainer["train"]>[1];

async function perform(
  id: number,
  work: (control: Control) => Promise<Tasks[TaskName]["result"]>,
): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    const result = await work({
      signal: abort.signal,
      onProgress: (progress) => tell({ type: "progress", id, progress }),
    });
    tell({ type: "done", id, result });
  } catch (error) {
    tell({ type: "error", id, error: toPlain(error) });
  } finally {
    aborts.delete(id);
  }
}

const started = start(workerData as WorkerSetup);
port?.on("message", (message: ToWorker) => {
  void started.then(
    (trainer) => serve(trainer, message),
    () => undefined,
  );
});
started.catch((error: unknown) => {
  tell({ type: "failed", error: toPlain(error) });
  port?.close();
});
