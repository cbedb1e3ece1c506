/** Doing again what a passing failure of the database has stopped. */
import { FedtuneError } from "@fedtune/core";
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, isTransient, reasonOf } from "./transient.ts";

/** How long and with what a failure is waited out. */
export interface RetryOptions {
  /** Milliseconds after which a try that fails is the last one; default a minute. */
  readonly retryForMs?: number;
  /** Called before every further try, for example to start a server that was killed; its failure is not an error. */
  readonly wake?: (() => Promise<void>) | null;
  /** Time and dice; for tests. */
  readonly waits?: Waits;
}

/** What waiting needs. */
export interface Waits {
  /** Milliseconds; never goes back. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
  /** A number in [0, 1). */
  draw(): number;
}

const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 2000;

const realWaits: Waits = {
  now: () => performance.now(),
  sleep: (ms) => sleep(ms),
  draw: () => randomInt(2 ** 32) / 2 ** 32,
};

/**
 * Does `work` until it succeeds, or fails for good. It may have been done when its connection was lost, so doing it again
 * must change nothing.
 *
 * @throws FedtuneError what `work` throws of that kind; `storage-failed` for all else, and when the time is over
 */
export async function retrying<T>(work: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { retryForMs = 60_000, wake = null, waits = realWaits } = options;
  const until = waits.now() + retryForMs;
  for (let longest = FIRST_WAIT_MS; ; longest = Math.min(2 * longest, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FedtuneError) throw error;
      const wait = longest * (0.5 + waits.draw() / 2);
      if (!isTransient(error)) throw storageFailed("Cannot use the database", error);
      if (waits.now() + wait > until) {
        const seconds = Math.round(retryForMs / 1000);
        throw storageFailed(`Cannot reach the database for ${seconds} s`, error);
      }
      await waits.sleep(wait);
      await wake?.().catch(() => undefined);
    }
  }
}

/** The error for people: what the database says, never how it is reached. */
export function storageFailed(action: string, cause: unknown): FedtuneError {
  const message = `${action}: ${reasonOf(cause)}`;
  return new FedtuneError("storage-failed", message, { data: { reason: codeOf(cause) }, cause });
}
