/**
 * A privacy guarantee as odds.
 *
 * Somebody who sees everything that is released must say whether one unit was in the data, a priori as likely as not. They
 * are right with probability (1 + TV) / 2, TV the total variation between the two worlds, and TV is delta at epsilon 0.
 */

/** A guarantee as how often a guess is right. */
export interface Odds {
  /** Right guesses out of 100 at most; 50 is a coin, 100 says nothing. */
  readonly rightOutOf100: number;
  /** From one epsilon and delta alone: the true number may be far smaller. */
  readonly isRough: boolean;
}

/** What a number of right guesses is worth, in one of four words. */
export type Verdict = "coin" | "somewhat" | "clearly" | "little";

/** A whole number that was rounded above itself is not rounded up again. */
const ROUNDING = 1e-9;

/**
 * Right guesses out of 100, from the privacy curve.
 *
 * @param deltaAtZero the accountant's upper bound of delta at epsilon 0, in [0, 1]
 */
export function oddsFromCurve(deltaAtZero: number): Odds {
  return { rightOutOf100: outOf100((1 + deltaAtZero) / 2), isRough: false };
}

/** Right guesses out of 100 when one point of the curve is all that is known: (e^epsilon + delta) / (e^epsilon + 1). */
export function oddsFromBound(bound: { readonly epsilon: number; readonly delta: number }): Odds {
  // Divided by e^epsilon, which may be infinite.
  const shrunk = Math.exp(-bound.epsilon);
  return { rightOutOf100: outOf100((1 + bound.delta * shrunk) / (1 + shrunk)), isRough: true };
}

/** How good a guarantee is. */
export function verdictOf({ rightOutOf100 }: Odds): Verdict {
  if (rightOutOf100 <= 55) return "coin";
  if (rightOutOf100 <= 65) return "somewhat";
  return rightOutOf100 <= 80 ? "clearly" : "little";
}

function outOf100(probability: number): number {
  return Math.min(100, Math.max(50, Math.ceil(100 * probability - ROUNDING)));
}
