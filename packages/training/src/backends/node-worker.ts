/** Entry of a worker thread that owns one base model on one backend and trains on request. */
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { loadTokenizer } from "../tokenizer/tokenizer.ts";
import { createTrainer } from "../trainer/trainer.ts";
import type { ChosenBackend } from "./backend.ts";
import { chooseBackend } from "./node-choose.ts";
import { nodeEntropy } from "./node-entropy.ts";
import { nodeFiles } from "./node-files.ts";
import { nodeImages } from "./node-images.ts";
import { stepBytes } from "./node-memory.ts";
import type { TrainerTasks, WorkerSetup } from "./worker-messages.ts";
import type { Service } from "./worker-service.ts";
import { serveTasks } from "./worker-service.ts";

async function start(setup: WorkerSetup): Promise<Service<TrainerTasks, ChosenBackend>> {
  const ready = await chooseBackend(setup.backend, setup);
  const checkpoint = await loadCheckpoint(nodeFiles, setup.model);
  const readsTexts = checkpoint.config.image === null;
  const tokenizer = readsTexts ? await loadTokenizer(nodeFiles, setup.model) : null;
  const { basePrecision = "f32", trainers = 1 } = setup;
  const trainer = createTrainer({
    basePrecision,
    stepBytes: stepBytes(ready.name, trainers),
    checkpoint,
    tokenizer,
    files: nodeFiles,
    images: nodeImages,
    clock: performance,
    entropy: nodeEntropy,
    pause: () => setImmediate(),
  });
  return { ready, handlers: trainer };
}

const receive = serveTasks<TrainerTasks, ChosenBackend>(
  { tell: (message) => parentPort?.postMessage(message) },
  () => start(workerData as WorkerSetup),
);
parentPort?.on("message", receive);
