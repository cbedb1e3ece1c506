/** What a worker thread of Node serves: one base model on one backend, whose loss ends the thread. */
import type { FedtuneError, TrainControl } from "@fedtune/core";
import { setImmediate, setTimeout } from "node:timers/promises";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { loadTokenizer } from "../tokenizer/tokenizer.ts";
import { createTrainer } from "../trainer/trainer.ts";
import type { LocalTrainer } from "../trainer/trainer.ts";
import type { ChosenBackend } from "./backend.ts";
import { lossToldBy, watchDevice } from "./device-lost.ts";
import { chooseBackend } from "./node-choose.ts";
import { nodeEntropy } from "./node-entropy.ts";
import { nodeFiles } from "./node-files.ts";
import { nodeImages } from "./node-images.ts";
import { stepBytes } from "./node-memory.ts";
import type { FromWorker, TrainerTasks, WorkerSetup } from "./worker-messages.ts";
import { toPlain } from "./worker-messages.ts";
import type { Service, TaskHandlers } from "./worker-service.ts";

/** What the service is started with. */
export interface NodeServiceOptions {
  readonly setup: WorkerSetup;
  readonly tell: (message: FromWorker<TrainerTasks, ChosenBackend>) => void;
  /** Default: this platform's own backends. */
  readonly choose?: typeof chooseBackend;
}

/** Opens backend, base model and trainer. @throws FedtuneError as they do */
export async function startNodeService({
  setup,
  tell,
  choose = chooseBackend,
}: NodeServiceOptions): Promise<Service<TrainerTasks, ChosenBackend>> {
  const ready = await choose(setup.backend, setup);
  const device = openDevice(ready.name, (error) => tell({ type: "failed", error: toPlain(error) }));
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
  return { ready, handlers: handlersOf(trainer, device), close: () => trainer.close() };
}

/** The device that all jobs of the thread run on. */
interface Device {
  /** Works on it; a job that was at work when it was lost ends in that error, whatever else it died of. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a job may take to notice that its device is gone. */
const NOTICE_MS = 5_000;

/** `onLost` may end the thread: it is called when no job waits for the device any more. */
function openDevice(backend: string, onLost: (error: FedtuneError) => void): Device {
  let loss: FedtuneError | null = null;
  const jobs = new Set<Promise<unknown>>();
  const lost = (error: FedtuneError): void => {
    if (loss !== null) return;
    loss = error;
    // Dawn ends the whole process if a thread ends to which it owes the answer to a read.
    const noticed = Promise.allSettled(jobs);
    void Promise.race([noticed, setTimeout(NOTICE_MS)]).then(() => onLost(error));
  };
  const known = (): FedtuneError | null => loss;
  watchDevice(backend, lost);
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const told = lossToldBy(error, backend);
      if (told !== null) lost(told);
      // What fails on a lost device may be heard of before the loss itself.
      await setImmediate();
      throw known() ?? error;
    }
  };
  return {
    use(work) {
      const job = attempt(work);
      jobs.add(job);
      return job.finally(() => jobs.delete(job));
    },
  };
}

function handlersOf(trainer: LocalTrainer, device: Device): TaskHandlers<TrainerTasks> {
  const on =
    <Job, Result>(work: (job: Job, control: TrainControl) => Promise<Result>) =>
    (job: Job, control: TrainControl): Promise<Result> =>
      device.use(() => work(job, control));
  return {
    train: on((job, control) => trainer.train(job, control)),
    evaluate: on((job, control) => trainer.evaluate(job, control)),
    predict: on((job, control) => trainer.predict(job, control)),
    generate: on((job, control) => trainer.generate(job, control)),
  };
}
