/** Entry of a worker thread that owns one base model on one backend and trains on request. */
import { parentPort, workerData } from "node:worker_threads";
import type { ChosenBackend } from "./backend.ts";
import { startNodeService } from "./node-service.ts";
import type { FromWorker, TrainerTasks, WorkerSetup } from "./worker-messages.ts";
import { serveTasks } from "./worker-service.ts";

const tell = (message: FromWorker<TrainerTasks, ChosenBackend>): void =>
  parentPort?.postMessage(message);
// Of the thread, not of the process.
const onClosed = (): void => process.exit();
const receive = serveTasks<TrainerTasks, ChosenBackend>({ tell, onClosed }, () =>
  startNodeService({ setup: workerData as WorkerSetup, tell }),
);
parentPort?.on("message", receive);
