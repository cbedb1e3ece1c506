import { accountants } from "@fedtune/dp";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oddsFromBound, oddsFromCurve, verdictOf } from "./odds.ts";

/** The table of the design: epsilon at delta 1e-5, the textbook bound, mu of the Gaussian curve, 100 Phi(mu / 2). */
const table = [
  [0.5, 62.2, 0.142, 52.8],
  [1, 73.1, 0.268, 55.3],
  [2, 88.1, 0.502, 59.9],
  [3, 95.3, 0.719, 64.04],
  [4, 98.2, 0.925, 67.8],
  [6, 99.8, 1.31, 74.4],
  [8, 99.97, 1.666, 79.8],
  [10, 100, 2.0, 84.1],
] as const;

/** The Gaussian release that has an epsilon at delta 1e-5. */
function releaseOf(mu: number) {
  const events = [{ mechanism: "gaussian", noiseMultiplier: 1 / mu, steps: 1 } as const];
  return accountants.gaussian.compose({ relation: "add-or-remove-one", events });
}

describe("right guesses out of 100", () => {
  test.each(table)("at epsilon %d the bound says %d", (epsilon, bound) => {
    const { rightOutOf100, isRough } = oddsFromBound({ epsilon, delta: 1e-5 });
    expect(isRough).toBe(true);
    expect(Math.abs(rightOutOf100 - Math.ceil(bound))).toBeLessThanOrEqual(bound === 100 ? 0 : 1);
    expect(rightOutOf100).toBeGreaterThanOrEqual(bound - 0.05);
  });

  test.each(table)(
    "at epsilon %d the curve of a Gaussian says far less",
    (epsilon, _bound, mu, right) => {
      const release = releaseOf(mu);
      expect(release.epsilon(1e-5).upper).toBeCloseTo(epsilon, 1);
      const { rightOutOf100, isRough } = oddsFromCurve(release.delta(0).upper);
      expect(isRough).toBe(false);
      expect(rightOutOf100).toBe(Math.ceil(right));
    },
  );

  test("at epsilon 3 it is 65 by the curve and 96 by the bound", () => {
    expect(oddsFromCurve(releaseOf(0.719).delta(0).upper).rightOutOf100).toBe(65);
    expect(oddsFromBound({ epsilon: 3, delta: 1e-5 }).rightOutOf100).toBe(96);
  });

  test("nothing promised is 100, nothing released 50", () => {
    expect(oddsFromBound({ epsilon: Infinity, delta: 1e-5 }).rightOutOf100).toBe(100);
    expect(oddsFromBound({ epsilon: 0, delta: 0 }).rightOutOf100).toBe(50);
    expect(oddsFromCurve(0).rightOutOf100).toBe(50);
    expect(oddsFromCurve(1).rightOutOf100).toBe(100);
  });

  test("a whole number is not rounded above itself", () => {
    for (let right = 50; right <= 100; right++)
      expect(oddsFromCurve((2 * right) / 100 - 1).rightOutOf100).toBe(right);
  });

  test("more epsilon, or more delta, is never shown as less", () => {
    const number = fc.double({ min: 0, max: 50, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(number, number, share, (epsilon, more, delta) => {
        const less = oddsFromBound({ epsilon, delta }).rightOutOf100;
        expect(
          oddsFromBound({ epsilon: epsilon + more, delta }).rightOutOf100,
        ).toBeGreaterThanOrEqual(less);
        expect(oddsFromBound({ epsilon, delta: 1 }).rightOutOf100).toBe(100);
      }),
    );
  });

  test.each([
    [50, "coin"],
    [55, "coin"],
    [56, "somewhat"],
    [65, "somewhat"],
    [66, "clearly"],
    [80, "clearly"],
    [81, "little"],
    [100, "little"],
  ] as const)("%i is said as %s", (rightOutOf100, verdict) => {
    expect(verdictOf({ rightOutOf100, isRough: false })).toBe(verdict);
  });
});
