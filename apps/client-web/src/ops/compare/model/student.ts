/** Student's t for a few repetitions: intervals of means, paired tests, and their correction for many comparisons. */

/**
 * The share of Student's t with `degrees` degrees of freedom that lies between -t and t: the finite sums for whole degrees of
 * freedom of Abramowitz and Stegun, 26.7.3 and 26.7.4.
 *
 * @throws RangeError for degrees of freedom that are not a whole number from 1
 */
export function tCoverage(t: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new RangeError(`Cannot use ${degrees} degrees of freedom: wanted a whole number from 1`);
  if (t === Infinity) return 1;
  const theta = Math.atan(Math.abs(t) / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power < degrees - 1; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}

/** The t between which and its negative so much of the distribution lies; `coverage` below 1. */
export function tQuantile(coverage: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (tCoverage(high, degrees) < coverage) high *= 2;
  for (let step = 0; step < 100 && high - low > 1e-12 * high; step += 1) {
    const middle = (low + high) / 2;
    if (tCoverage(middle, degrees) < coverage) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A mean with its uncertainty. */
export interface Mean {
  readonly mean: number;
  /** How many values it is of. */
  readonly n: number;
  /** Null: a single value has none. */
  readonly standardError: number | null;
  /** Half of the 95 % interval; null: a single value has none. */
  readonly halfWidth: number | null;
}

/** Coverage of the intervals. */
const confidence = 0.95;

const factors = new Map<number, number>();

/** The factor of an interval; the same few are asked for every round of every run. */
function factorFor(degrees: number): number {
  const known = factors.get(degrees) ?? tQuantile(confidence, degrees);
  factors.set(degrees, known);
  return known;
}

/** The mean of some values with its interval; null of none. */
export function meanOf(values: readonly number[]): Mean | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, n, standardError: null, halfWidth: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (n - 1) / n);
  return { mean, n, standardError, halfWidth: standardError * factorFor(n - 1) };
}

/** A difference of pairs. */
export interface PairedTest {
  readonly difference: number;
  readonly n: number;
  /** Two-sided; null: one pair alone cannot be tested. */
  readonly p: number | null;
}

/** The paired t-test of some differences; null without any. Differences that are all alike and not 0 have p 0. */
export function pairedTest(differences: readonly number[]): PairedTest | null {
  const found = meanOf(differences);
  if (found === null) return null;
  const { mean, n, standardError } = found;
  if (standardError === null) return { difference: mean, n, p: null };
  if (standardError === 0) return { difference: mean, n, p: mean === 0 ? 1 : 0 };
  return { difference: mean, n, p: 1 - tCoverage(mean / standardError, n - 1) };
}

/** Holm's correction (1979): the smallest times their number, and so on, never decreasing; null stays null and counts for nothing. */
export function holm(ps: readonly (number | null)[]): readonly (number | null)[] {
  const known = ps.flatMap((p, at) => (p === null ? [] : { p, at })).sort((a, b) => a.p - b.p);
  const corrected: (number | null)[] = ps.map(() => null);
  let least = 0;
  for (const [rank, { p, at }] of known.entries()) {
    least = Math.max(least, Math.min(1, (known.length - rank) * p));
    corrected[at] = least;
  }
  return corrected;
}
