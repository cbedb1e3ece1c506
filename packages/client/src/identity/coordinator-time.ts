/** The coordinator's wall clock as far as a client has learnt of it, so that a wrong clock here keeps nobody out. */
import { isFedtuneError } from "@fedtune/core";

/** A wall clock that is put right by the coordinator's refusals. */
export interface CoordinatorTime {
  /** Milliseconds since 1970, by the coordinator's clock where it has been told. */
  now(): number;
  /** How far this device's clock is behind the coordinator's, in milliseconds; 0 before anything was learnt. */
  offsetMs(): number;
  /**
   * Takes note of a refusal for a wrong expiry, `credential-expired` with the coordinator's time.
   *
   * @returns whether a request that is signed anew has another expiry, and so may be taken
   */
  learn(refusal: unknown): boolean;
}

/** A difference that cannot be why a request was refused: the journey takes as long. */
const NOTHING_MS = 5_000;

/** Starts with this device's own clock. */
export function coordinatorTime(wallTime: () => number): CoordinatorTime {
  let offset = 0;
  return {
    now: () => wallTime() + offset,
    offsetMs: () => offset,
    learn(refusal) {
      if (!isFedtuneError(refusal) || refusal.code !== "credential-expired") return false;
      const { now } = refusal.data as { readonly now?: unknown };
      if (typeof now !== "number" || !Number.isSafeInteger(now)) return false;
      const learnt = now - wallTime();
      if (Math.abs(learnt - offset) < NOTHING_MS) return false;
      offset = learnt;
      return true;
    },
  };
}
