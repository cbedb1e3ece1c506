/** Waiting with an end. */
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";

/** How long something is waited for. */
export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  /** What is waited for, for the message. */
  readonly what: string;
}

/** A running wait. */
export interface Wait {
  /** Aborted by the caller's signal or at the deadline. */
  readonly signal: AbortSignal;
  /** Starts the time anew. */
  readonly extend: () => void;
  /** Why work under the signal failed: the abort, if there was one, else the error itself. */
  cause(error: unknown): unknown;
  close(): void;
}

/** Starts a wait; its abort has a FedtuneError `timeout` or `cancelled` for its reason. */
export function startWait({ clock, ms, what }: Deadline, signal?: AbortSignal): Wait {
  const controller = new AbortController();
  const late = (): void => {
    const message = `Cannot wait longer for ${what}: ${ms} ms are over`;
    controller.abort(new FedtuneError("timeout", message));
  };
  const abort = (): void => {
    controller.abort(reasonOf(signal?.reason));
  };
  let stop = clock.after(ms, late);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    extend() {
      stop();
      stop = clock.after(ms, late);
    },
    cause: (error) => {
      const reason: unknown = controller.signal.reason;
      return controller.signal.aborted ? reason : error;
    },
    close() {
      stop();
      signal?.removeEventListener("abort", abort);
    },
  };
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const stop = clock.after(ms, end);
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}

function reasonOf(reason: unknown): FedtuneError {
  return reason instanceof FedtuneError
    ? reason
    : new FedtuneError("cancelled", "The request was called off", { cause: reason });
}
