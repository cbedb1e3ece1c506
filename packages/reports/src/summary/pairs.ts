/** Which differences between compared values are real. */
import { holm, pairedTests, type PairedTests } from "@fedtune/figures";
import { isBetter, type Better } from "./cell-rows.ts";
import type { Outcome } from "./outcome.ts";

/** Two compared values of one panel, on the seeds that both have. */
export interface Pair {
  /** The better one by its mean difference, where there is one. */
  readonly first: string;
  readonly second: string;
  /** Of shared seeds. */
  readonly n: number;
  /** First minus second; null: they share no seed. */
  readonly tests: PairedTests | null;
  /** The t-test's p after Holm's correction over all pairs of the report; null: not tested. */
  readonly corrected: number | null;
}

/** What pairs are made of. */
export interface Candidate {
  readonly value: string;
  readonly outcome: Outcome;
}

const bySeed = ({ cells }: Outcome): ReadonlyMap<number, number> =>
  new Map(cells.flatMap(({ cell, value }) => (value === null ? [] : [[cell.seed, value.value]])));

function pairOf(a: Candidate, b: Candidate, better: Better): Pair {
  const [own, other] = [bySeed(a.outcome), bySeed(b.outcome)];
  const differences = [...own].flatMap(([seed, value]) => {
    const against = other.get(seed);
    return against === undefined ? [] : [value - against];
  });
  const mean = pairedTests(differences)?.difference.mean ?? 0;
  const isTurned = isBetter(better, 0, mean);
  const tests = pairedTests(isTurned ? differences.map((one) => -one) : differences);
  const [first, second] = isTurned ? [b.value, a.value] : [a.value, b.value];
  return { first, second, n: differences.length, tests, corrected: null };
}

/** All pairs of every panel, corrected together. */
export function pairsOf(
  panels: readonly (readonly Candidate[])[],
  better: Better,
): readonly (readonly Pair[])[] {
  const pairs = panels.map((candidates) =>
    candidates.flatMap((a, i) => candidates.slice(i + 1).map((b) => pairOf(a, b, better))),
  );
  const corrected = holm(pairs.flat().map(({ tests }) => tests?.t ?? null));
  let at = 0;
  return pairs.map((own) => own.map((pair) => ({ ...pair, corrected: corrected[at++] ?? null })));
}

/** What counts as shown. */
export const significance = 0.05;

/** The compared value that is shown to be better than every other one of its panel; null: none is. */
export function bestOf(candidates: readonly Candidate[], pairs: readonly Pair[]): string | null {
  if (candidates.length < 2) return null;
  const isShown = (value: string): boolean =>
    candidates.every(
      (other) =>
        other.value === value ||
        pairs.some(
          ({ first, second, corrected }) =>
            first === value && second === other.value && (corrected ?? 1) < significance,
        ),
    );
  return candidates.find(({ value }) => isShown(value))?.value ?? null;
}
