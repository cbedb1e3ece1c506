import { frobeniusNorm, matrixFrom, subtract } from "@fedtune/core";
import { relativeDistance } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flexlora } from "../methods/flexlora.ts";
import { benchOf, cohorts, roundOf, warmedUp } from "../test-support/cohort.ts";

const runs = { numRuns: 25 };

/** ||dW - what a tier holds||^2 over ||dW||^2, all modules together. */
function lost(ideal: Float64Array, reached: Float64Array): number {
  const [one, other] = [ideal, reached].map((values) => matrixFrom(values, [1, values.length]));
  return (frobeniusNorm(subtract(one!, other!)) / frobeniusNorm(one!)) ** 2;
}

describe("flexlora", () => {
  it("loses nothing in a tier whose rank holds all clients' products", () => {
    // The second module is 7 x 4: no product has a rank above 4.
    const bench = benchOf(flexlora, { ranks: [2, 5] });
    const before = warmedUp(bench);
    fc.assert(
      fc.property(cohorts([2, 5], 3), (cohort) => {
        const few = {
          ...cohort,
          clients: cohort.clients.slice(0, 2).map((c) => ({ ...c, rank: 2 })),
        };
        const { ideal, reached } = roundOf(bench, before, few);
        expect(relativeDistance(reached[1]!, ideal)).toBeLessThan(2e-6);
        const any = roundOf(bench, before, cohort);
        expect(relativeDistance(any.reached[1]!, any.ideal)).toBeLessThan(2e-6);
      }),
      runs,
    );
  });

  it("keeps more with every rank, and reports the least that a tier keeps", () => {
    const ranks = [1, 2, 3, 4] as const;
    const bench = benchOf(flexlora, { ranks });
    const before = warmedUp(bench);
    fc.assert(
      fc.property(cohorts(ranks), (cohort) => {
        const { ideal, reached, metrics } = roundOf(bench, before, cohort);
        const losses = reached.map((own) => lost(ideal, own));
        for (const [t, loss] of losses.entries()) {
          expect(loss).toBeLessThanOrEqual((losses[t - 1] ?? 1) + 1e-9);
        }
        // A module may lose more than all of them together.
        expect(metrics["retained"]).toBeLessThanOrEqual(1 - losses[0]! + 1e-6);
      }),
      runs,
    );
  });
});
