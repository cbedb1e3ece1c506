/** How long local work takes on a device, in virtual time. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { Clock, EvaluateJob, Holdout, TrainJob, VirtualClock } from "@fedtune/core";

/**
 * Training goes over an example forwards, and backwards at twice the cost; evaluation only forwards. Kaplan et al.,
 * "Scaling laws for neural language models", arXiv 2001.08361, section 2.1.
 */
const EVALUATION_SPEED = 3;

/** Milliseconds of a training over `examples`, the client's whole data. */
export function trainingMs(
  job: Pick<TrainJob, "training" | "data">,
  { examples, examplesPerSecond }: Pace,
): number {
  const { localEpochs, maxSteps, batchSize } = job.training;
  const own = examples * partOf(job.data.holdout ?? null);
  const seen = Math.min(localEpochs * own, (maxSteps ?? Infinity) * batchSize);
  return (1000 * seen) / examplesPerSecond;
}

/** Milliseconds of an evaluation on the client's own data. */
export function evaluationMs(
  job: Pick<EvaluateJob, "data">,
  { examples, examplesPerSecond }: Pace,
): number {
  const own = examples * partOf(job.data.holdout ?? null);
  return (1000 * own) / (EVALUATION_SPEED * examplesPerSecond);
}

/** A client's data and its device's speed. */
interface Pace {
  readonly examples: number;
  readonly examplesPerSecond: number;
}

function partOf(holdout: Holdout | null): number {
  if (holdout === null) return 1;
  return holdout.part === "train" ? 1 - holdout.fraction : holdout.fraction;
}

/** Work that a device may break off. */
export interface TimedWork<T> {
  readonly ms: number;
  readonly clock: VirtualClock;
  /** Calls the work off. */
  readonly signal: AbortSignal;
  readonly work: (signal: AbortSignal) => Promise<T>;
}

/**
 * Does work that takes virtual time: the computation begins at once, beside that of others, and its result is there when its
 * time has passed. So the order of results is that of the devices, whichever trainer was done first.
 */
export async function timedWork<T>({ ms, clock, signal, work }: TimedWork<T>): Promise<T> {
  if (ms === 0) return clock.busy(work(signal));
  const running = work(signal);
  // Looked at when its time has come; until then a failure is not unhandled.
  running.catch(() => undefined);
  await pass(clock, ms, signal);
  return clock.busy(running);
}

/** Lets virtual time pass; rejects with the signal's reason when it aborts before. */
export function pass(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop();
      reject(asFedtuneError(signal.reason));
    };
    const stop = clock.after(ms, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** What work on a device that left ends with. */
export function deviceLeft(name: string): FedtuneError {
  return new FedtuneError("training-failed", `Cannot go on: the device of "${name}" left`);
}
