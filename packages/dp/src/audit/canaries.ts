/** Canaries: units put into a run, or left out of it, by a fair coin, so that what can be guessed about them can be counted. */
import type { Draws } from "../noise/draws.ts";

/** One guess per canary: 1 included, -1 excluded, 0 no guess. */
export type Guesses = Int8Array;

/** How often the auditor guessed, and was right. */
export interface GuessCount {
  readonly guesses: number;
  readonly correct: number;
}

/** Tosses a fair coin for each of `count` canaries: 1 goes into the run, 0 stays out. */
export function chooseCanaries(count: number, draws: Draws): Uint8Array {
  return Uint8Array.from({ length: count }, () => draws.uint32() >>> 31);
}

/**
 * Guesses at the extremes: the `included` highest scores were in, the `excluded` lowest were out, the rest is left open.
 *
 * How many of each must be fixed before the coins are looked at, or the bound that follows is not one.
 *
 * @param scores one per canary, higher for what the model seems to know, `[canaries]`; a NaN is the lowest of all
 * @throws RangeError when there are fewer scores than guesses
 */
export function guessExtremes(
  scores: Float64Array,
  { included, excluded }: { readonly included: number; readonly excluded: number },
): Guesses {
  if (!(included >= 0 && excluded >= 0 && included + excluded <= scores.length)) {
    throw new RangeError(
      `Cannot make ${included} + ${excluded} guesses about ${scores.length} canaries`,
    );
  }
  const value = (index: number): number => {
    const score = scores[index] ?? -Infinity;
    return Number.isNaN(score) ? -Infinity : score;
  };
  const ascending = Array.from(scores.keys()).sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    return left === right ? a - b : left < right ? -1 : 1;
  });
  const guesses = new Int8Array(scores.length);
  for (const index of ascending.slice(0, excluded)) guesses[index] = -1;
  for (const index of ascending.slice(scores.length - included)) guesses[index] = 1;
  return guesses;
}

/** Holds guesses against the coins. */
export function countGuesses(guesses: Guesses, coins: Uint8Array): GuessCount {
  let made = 0;
  let correct = 0;
  guesses.forEach((guess, index) => {
    if (guess === 0) return;
    made += 1;
    if (guess > 0 === (coins[index] === 1)) correct += 1;
  });
  return { guesses: made, correct };
}
