/** Tests of differences of pairs: Student's t, and the exact ones of signs and of signed ranks. */
import { meanOf, type Mean } from "./mean.ts";
import { tTail } from "./student.ts";

/** What some differences show; every p is two-sided. */
export interface PairedTests {
  /** Effect size: the mean difference with its 95 % interval. */
  readonly difference: Mean;
  /** Of the paired t-test; null: one pair alone, or differences without spread, tell it nothing. */
  readonly t: number | null;
  /** Of the exact sign test; ties are left out. */
  readonly sign: number;
  /** Of Wilcoxon's exact signed-rank test; ties are left out. Null: more pairs than it is worked out for. */
  readonly wilcoxon: number | null;
}

/** Tests of differences; null without any. Where all are 0, every p is 1. */
export function pairedTests(differences: readonly number[]): PairedTests | null {
  const difference = meanOf(differences);
  if (difference === null) return null;
  const [sign, wilcoxon] = [signTest(differences), signedRankTest(differences)];
  return { difference, t: pairedT(differences, difference), sign, wilcoxon };
}

/** Spread below this share of the largest difference is rounding. */
const leastSpread = 1e-12;

function pairedT(differences: readonly number[], { mean, n, deviation }: Mean): number | null {
  const largest = Math.max(...differences.map(Math.abs));
  if (largest === 0) return 1;
  // Equal differences of a coarse metric are few values, not certainty.
  if (deviation === null || deviation <= leastSpread * largest) return null;
  return tTail((mean / deviation) * Math.sqrt(n), n - 1);
}

/** The exact sign test: twice the chance of as few of the rarer sign among fair coins, at most 1. */
export function signTest(differences: readonly number[]): number {
  const signs = differences.filter((difference) => difference !== 0);
  const positive = signs.filter((difference) => difference > 0).length;
  const [n, fewer] = [signs.length, Math.min(positive, signs.length - positive)];
  let [chance, sum] = [2 ** -n, 0];
  for (let k = 0; k <= fewer; k += 1) {
    sum += chance;
    chance *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * sum);
}

/** Beyond so many pairs the distribution of ranks is not worked out; the t-test is good there. */
const mostRanked = 200;

/**
 * Wilcoxon's signed-rank test, exact given the ranks: equal sizes share their mean rank, zeros are left out (Wilcoxon 1945).
 * Null beyond 200 pairs.
 */
export function signedRankTest(differences: readonly number[]): number | null {
  const signed = differences.filter((difference) => difference !== 0);
  if (signed.length > mostRanked) return null;
  // Doubled, mean ranks are whole numbers.
  const ranks = doubledRanks(signed.map(Math.abs));
  const all = ranks.reduce((sum, rank) => sum + rank, 0);
  const above = ranks.reduce((sum, rank, i) => sum + ((signed[i] ?? 0) > 0 ? rank : 0), 0);
  const fewer = Math.min(above, all - above);
  let chance = 0;
  rankSumChances(ranks, all).forEach((one, sum) => {
    if (sum <= fewer) chance += one;
  });
  return Math.min(1, 2 * chance);
}

/** The chance of each sum of ranks when every rank is in it or not by a fair coin. */
function rankSumChances(ranks: readonly number[], all: number): Float64Array {
  const chances = new Float64Array(all + 1);
  chances[0] = 1;
  let reach = 0;
  for (const rank of ranks) {
    reach += rank;
    for (let sum = reach; sum >= 0; sum -= 1) {
      chances[sum] = ((chances[sum] ?? 0) + (sum >= rank ? (chances[sum - rank] ?? 0) : 0)) / 2;
    }
  }
  return chances;
}

/** Twice the rank of each value, equal ones share their mean. */
function doubledRanks(values: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return values.map((value) => sorted.indexOf(value) + sorted.lastIndexOf(value) + 2);
}
