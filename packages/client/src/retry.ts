/** Waiting with an end: deadlines, aborts and repeated attempts over the clock port. */
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";

/** When and how often something is tried again. */
export interface RetryPolicy {
  readonly clock: Clock;
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubles from attempt to attempt. */
  readonly backoffMs: number;
  /** Whether an error may be gone at the next attempt. */
  readonly mayRetry: (error: unknown) => boolean;
}

/** Tries until it works, the attempts are used up, an error is final, or the signal is aborted. */
export async function retried<T>(
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let left = policy.attempts - 1, pause = policy.backoffMs; ; left--, pause *= 2) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 0 || signal.aborted || !policy.mayRetry(error)) throw error;
    }
    await pauseFor(policy.clock, pause, signal);
  }
}

/** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
function pauseFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(reasonOf(signal));
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** A deadline for one attempt. */
export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  /** What was waited for, for the message. */
  readonly what: string;
}

/**
 * Runs work under a signal that is aborted by `signal` or by the deadline.
 *
 * @throws FedtuneError `timeout`
 */
export async function withDeadline<T>(
  { clock, ms, what }: Deadline,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(reasonOf(signal));
  };
  const cancel = clock.after(ms, () => {
    controller.abort(
      new FedtuneError("timeout", `Cannot wait longer for ${what}: ${ms} ms are over`),
    );
  });
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? reasonOf(controller.signal) : error;
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
  }
}

/** Why a signal was aborted, as an error. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof FedtuneError
    ? reason
    : new FedtuneError("cancelled", "The wait was called off", { cause: reason });
}
