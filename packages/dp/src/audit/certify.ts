/** From scores of canaries to a certified bound: guesses at the extremes, in a few numbers fixed beforehand. */
import type { GuessCount } from "./canaries.ts";
import { countGuesses, guessExtremes } from "./canaries.ts";
import { certifiedEpsilon } from "./one-run.ts";

/** What an audit certifies, and with which guesses. */
export interface CertifiedBound extends GuessCount {
  /** No smaller epsilon holds for the run, at the confidence that was asked for; 0: nothing was shown. */
  readonly epsilon: number;
}

/** The claim's delta, and how sure the bound must be. */
export interface Certification {
  readonly delta: number;
  /** Of the bound, in (0, 1). */
  readonly confidence: number;
}

/**
 * Shares of the canaries guessed to be in and out. Nearly all where much leaks, short of the half by what coins
 * stray (four deviations for a thousand); few where little leaks; the highest alone where most of those
 * included were never sampled and look like the others.
 */
const GUESSED_SHARES = [
  { included: 7 / 16, excluded: 7 / 16 },
  { included: 1 / 8, excluded: 1 / 8 },
  { included: 1 / 32, excluded: 1 / 32 },
  { included: 1 / 8, excluded: 0 },
  { included: 1 / 32, excluded: 0 },
];

/**
 * The best bound over five numbers of guesses. Each gets a fifth of the permitted error, so all of them hold together at
 * the confidence (union bound), and so does the largest.
 *
 * @param scores one per canary, higher for what looks included, `[canaries]`
 * @param coins 1 where a canary was in the run, `[canaries]`
 * @throws RangeError when the lengths differ or the confidence is not in (0, 1)
 */
export function certifyScores(
  scores: Float64Array,
  coins: Uint8Array,
  { delta, confidence }: Certification,
): CertifiedBound {
  const canaries = scores.length;
  if (coins.length !== canaries) {
    throw new RangeError(`Cannot hold ${canaries} scores against ${coins.length} coins`);
  }
  const each = 1 - (1 - confidence) / GUESSED_SHARES.length;
  const bounds = GUESSED_SHARES.map(({ included, excluded }) => {
    const plan = {
      included: Math.floor(canaries * included),
      excluded: Math.floor(canaries * excluded),
    };
    const count = countGuesses(guessExtremes(scores, plan), coins);
    return { ...count, epsilon: certifiedEpsilon({ ...count, canaries, delta }, each) };
  });
  return bounds.reduce((best, next) => (next.epsilon > best.epsilon ? next : best));
}
