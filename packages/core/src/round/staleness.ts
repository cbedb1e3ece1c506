/** How old an update is when it is taken, and what that takes off its weight. */
import type { RoundPolicy } from "../config/rounds.ts";
import type { UpdateRow } from "../store/store.ts";
import type { RoundState } from "./types.ts";

/** Rounds that may pass between an order and its update; 0 where it counts in its own round or not at all. */
export function maxStaleness({ mode, buffer, lateUpdates }: RoundPolicy): number {
  if (mode === "buffered") return buffer.maxStaleness;
  return lateUpdates === "next-round" ? 1 : 0;
}

/** Rounds that were committed between the adapter that an update started from and the one that it is added to. */
export function stalenessOf({ round, base }: Pick<UpdateRow, "round" | "base">): number {
  return base === undefined ? 0 : round - 1 - base;
}

/**
 * What an update weighs that is so many rounds old, against a fresh one: `(1 + staleness)^-exponent`, or 1.
 *
 * FedBuff (arXiv 2106.06639), section 5.1 with exponent 1/2. Departs from its algorithm 1, which divides by the size of
 * the buffer: here weights are shares, so that a buffer whose updates are all equally old moves the adapter as far as a
 * fresh one.
 */
export function stalenessWeight(
  { buffer }: Pick<RoundPolicy, "buffer">,
  staleness: number,
): number {
  if (buffer.discount === "constant") return 1;
  return (1 + staleness) ** -buffer.exponent;
}

/** Whether an update of an order of that round can still be taken, now or by the round that opens next. */
export function isInTime(state: RoundState, policy: RoundPolicy, round: number): boolean {
  const age = roundToFill(state) - round;
  // Between two attempts at a round that waits for its cohort nobody knows yet whose updates it wants.
  if (age === 0 && policy.mode === "synchronous") return state.phase === "collecting";
  return round <= state.round && age <= maxStaleness(policy);
}

/** The round that takes the next update: while one is aggregated and evaluated, that is the one after it. */
function roundToFill({ phase, round }: Pick<RoundState, "phase" | "round">): number {
  return phase === "collecting" || phase === "waiting" ? round : round + 1;
}
