/** A trainer that tells how far it is, measures this device's own accuracy, and goes on after a lost graphics card. */
import { isFedtuneError } from "@fedtune/core";
import type {
  DataRef,
  EvaluateJob,
  Metrics,
  TrainControl,
  Trainer,
  TrainJob,
  TrainResult,
} from "@fedtune/core";
import type { BrowserBackend } from "../device-report.ts";
import type { Observer, Sightings } from "./observer.ts";

/** What watching a trainer needs. */
export interface TrainerWatch {
  readonly observer: Observer;
  readonly sightings: Sightings;
  /** The backend that the next job runs on. */
  readonly backend: () => Promise<BrowserBackend>;
}

/** Tries of one job: a device has only so many backends. */
const MOST_TRIES = 4;
/** Examples per batch when evaluating: only memory depends on it. */
const EVALUATION_BATCH = 32;

/** Watches a trainer; its owner closes it. */
export function observedTrainer(inner: Trainer, watch: TrainerWatch): Trainer {
  const { observer } = watch;
  return {
    async train(job, control) {
      await measureOwn(inner, watch, { job, control });
      const result = await trainOn(inner, watch, { job, control });
      observer.tell({ type: "trained", round: job.round, at: observer.now() });
      return result;
    },
    evaluate: (job, control) => inner.evaluate(job, control),
    close: () => Promise.resolve(),
  };
}

interface Task {
  readonly job: TrainJob;
  readonly control: TrainControl;
}

/** Trains, and again on the next backend when one is lost: nothing of the first try has left this device. */
async function trainOn(inner: Trainer, watch: TrainerWatch, task: Task): Promise<TrainResult> {
  const { observer } = watch;
  const { round } = task.job;
  for (let tries = 1; ; tries += 1) {
    let step = 0;
    const backend = await watch.backend();
    try {
      return await inner.train(task.job, {
        signal: task.control.signal,
        onProgress(progress) {
          const { done, total, loss = null } = progress;
          step = done;
          observer.tell({ type: "step", round, done, total, loss, at: observer.now() });
          task.control.onProgress?.(progress);
        },
      });
    } catch (error) {
      const isOver = tries === MOST_TRIES || task.control.signal.aborted || !isLost(error);
      if (isOver) throw error;
    }
    const to = await watch.backend();
    const at = observer.now();
    observer.tell({
      type: "notice",
      notice: { kind: "backend-lost", at, from: backend, to, round, step },
    });
  }
}

/** Whether a training ended because what computes did, and another try may do better. */
function isLost(error: unknown): boolean {
  if (!isFedtuneError(error, "training-failed")) return false;
  const { reason } = error.data;
  return reason === "device-lost" || reason === "crashed";
}

/**
 * What this device's own adapter is worth after the round before, on the examples that are held out of training; nothing
 * where a run holds none out, and where the coordinator has asked for it already. A measurement that fails is left out:
 * training is what counts.
 */
async function measureOwn(inner: Trainer, watch: TrainerWatch, task: Task): Promise<void> {
  const { job, control } = task;
  const data = heldOut(job.data);
  const round = job.round - 1;
  if (data === null || watch.sightings.measured.has(round)) return;
  try {
    const found = await inner.evaluate(evaluationOf(job, data), { signal: control.signal });
    tellAccuracy(watch, round, found);
  } catch {
    control.signal.throwIfAborted();
  }
}

/** Tells of an evaluation, where it has an accuracy: of labels, or of a language model's tokens. */
export function tellAccuracy(
  { observer, sightings }: Pick<TrainerWatch, "observer" | "sightings">,
  round: number,
  metrics: Metrics,
): void {
  const { accuracy = metrics["tokenAccuracy"], loss = null, examples = 0 } = metrics;
  if (accuracy === undefined) return;
  sightings.measured.add(round);
  observer.tell({ type: "accuracy", accuracy: { round, accuracy, loss, examples } });
}

/** The held-out part of rows of which a part is trained on; null: none are held out. */
export function heldOut({ holdout = null, ...data }: DataRef): DataRef | null {
  if (holdout === null) return null;
  return { ...data, holdout: { fraction: holdout.fraction, part: "held-out" } };
}

function evaluationOf(job: TrainJob, data: DataRef): EvaluateJob {
  const { run, rank, adapter, start, residuals, task, training } = job;
  const { maxLength } = training;
  return {
    ...{ run, rank, adapter, start, residuals, task, data },
    ...{ batchSize: EVALUATION_BATCH, maxLength },
  };
}
