import type { RoundPolicy } from "../config/rounds.ts";
import type { Rng } from "../rng.ts";

/** A drawn cohort and the number of accepted updates that closes its round. */
export interface Sample {
  /** Ascending participant indices. */
  readonly cohort: readonly number[];
  readonly target: number;
}

/**
 * Draws the cohort of one attempt from the indices of the available clients.
 *
 * `fixed`: `max(minFitClients, ceil(fractionFit x available))` without replacement, times `overSelection`.
 * `poisson`: every client on its own with probability `fractionFit`; the cohort may be empty, and closes when all are in.
 * The draw depends on the stream and the set of indices only, not on the order of arrival.
 */
export function sampleCohort(available: readonly number[], policy: RoundPolicy, rng: Rng): Sample {
  const sorted = [...available].sort((a, b) => a - b);
  if (policy.sampling === "poisson") {
    const cohort = sorted.filter(() => rng.uniform() < policy.fractionFit);
    return { cohort, target: cohort.length };
  }
  const target = Math.min(
    sorted.length,
    Math.max(policy.minFitClients, Math.ceil(policy.fractionFit * sorted.length)),
  );
  const size = Math.min(sorted.length, Math.ceil(target * policy.overSelection));
  const cohort = rng
    .shuffle(sorted)
    .slice(0, size)
    .sort((a, b) => a - b);
  return { cohort, target };
}
