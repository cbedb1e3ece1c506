import { factorView } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { expectClose, relativeDistance, tierIn } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fedSb } from "../methods/fed-sb.ts";
import { fedexLora } from "../methods/fedex-lora.ts";
import { fedsvd } from "../methods/fedsvd.ts";
import { ffaLora } from "../methods/ffa-lora.ts";
import { flora } from "../methods/flora.ts";
import { rolora } from "../methods/rolora.ts";
import { pairPlaces } from "../module-pairs.ts";
import { benchOf, cohorts, roundOf, warmedUp } from "../test-support/cohort.ts";

const runs = { numRuns: 30 };
const rounding = 2e-6;

/** Each exact method, with how many rounds come before the one that is looked at. */
const exact: readonly (readonly [
  string,
  Method,
  { ranks?: readonly [number, ...number[]] },
  number,
])[] = [
  ["ffa-lora", ffaLora, {}, 1],
  ["fedsvd", fedsvd, {}, 2],
  ["rolora, a round of B", rolora, {}, 2],
  ["rolora, a round of A", rolora, {}, 1],
  ["fed-sb", fedSb, {}, 1],
  ["fedex-lora", fedexLora, {}, 1],
  ["flora", flora, {}, 1],
  ["flora over two ranks", flora, { ranks: [2, 3] }, 1],
];

describe("exact aggregation", () => {
  it.each(exact)(
    "[AG9] %s: every client ends at the mean of the products, for any cohort",
    (_what, method, options, rounds) => {
      const bench = benchOf(method, options);
      const before = warmedUp(bench, rounds);
      const ranks = bench.context.tiers.map(({ rank }) => rank);
      fc.assert(
        fc.property(cohorts(ranks), (cohort) => {
          const { ideal, reached } = roundOf(bench, before, cohort);
          for (const product of reached)
            expect(relativeDistance(product, ideal)).toBeLessThan(rounding);
        }),
        runs,
      );
    },
  );

  it("[AG9] ffa-lora: the mean of B_k times A_0 is the mean of B_k A_0", () => {
    const bench = benchOf(ffaLora);
    const { layout } = tierIn(bench.context.tiers, 2);
    fc.assert(
      fc.property(cohorts([2]), (cohort) => {
        const { state, trained } = roundOf(bench, warmedUp(bench), cohort);
        const values = bench.method.adapter(state, 2);
        const total = cohort.clients.reduce((sum, { weight }) => sum + weight, 0);
        for (const { up, down } of pairPlaces(layout)) {
          expect(factorView(values, down)).toEqual(factorView(bench.context.initial(2), down));
          const mean = new Float64Array(up.size);
          for (const [k, { weight }] of cohort.clients.entries()) {
            factorView(trained[k]!, up).forEach((x, i) => (mean[i]! += (weight / total) * x));
          }
          expectClose(factorView(values, up), mean, 1e-6);
        }
      }),
      runs,
    );
  });

  it("[AG14] fed-sb: r x r values per module travel, whatever the module's size", () => {
    for (const rank of [2, 3, 4]) {
      const bench = benchOf(fedSb, { ranks: [rank] });
      const cohort = { seed: 1, clients: [{ rank, weight: 1 }] };
      const { updates } = roundOf(bench, warmedUp(bench), cohort);
      expect(updates[0]!.delta).toHaveLength(rank * rank * bench.modules.length);
    }
  });

  it("[AG9] fedex-lora: the residual has at most the rank of all clients but one", () => {
    const bench = benchOf(fedexLora, { ranks: [2] });
    const before = warmedUp(bench);
    fc.assert(
      fc.property(cohorts([2]), (cohort) => {
        const { residuals, metrics } = roundOf(bench, before, cohort);
        const most = 2 * (cohort.clients.length - 1);
        for (const { rank } of residuals) expect(rank).toBe(most);
        expect(metrics["residualRank"]).toBe(most);
      }),
      runs,
    );
  });
});
