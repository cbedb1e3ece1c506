/** The accountants against numbers of other programs. */
import { loadGolden } from "@fedtune/testkit";
import type { Provenance } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { calibrateNoise } from "../calibrate.ts";
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";
import { gaussianDelta, gaussianEpsilon } from "./gaussian.ts";
import { fixedSizeDivergences } from "./rdp-fixed-size.ts";
import { poissonDivergences } from "./rdp-poisson.ts";
import { accountants } from "./registry.ts";

const read = <Shape>(name: string) =>
  loadGolden<Shape & { readonly provenance: Provenance }>(
    new URL(`../../golden/${name}.json`, import.meta.url),
  );

interface OverOrders<Case> {
  readonly orders: readonly number[];
  readonly cases: readonly Case[];
}

const renyi = read<{
  readonly moments: readonly (readonly [number, number, number, number])[];
  readonly epsilons: readonly (readonly [PrivacyEvent, number, number, number])[];
  readonly fixedSize: OverOrders<readonly [number, number, number, readonly number[]]>;
  readonly tree: OverOrders<readonly [number, number, readonly number[]]>;
}>("renyi");
const exact = read<{ readonly cases: readonly (readonly [number, number, number])[] }>("gaussian");
type Ledger = readonly PrivacyEvent[];
const tight = read<{
  readonly cases: readonly (readonly [Ledger, NeighbouringRelation, number, number, number])[];
  readonly fixedPoint: { rows: Ledger; delta: number; rdp: number; pld: number };
  readonly noises: readonly (readonly [number, number, number, number, number])[];
  readonly noiseDelta: number;
}>("tight");

function relative(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}

describe("Renyi divergences", () => {
  it.each(renyi.moments)(
    "[DP6] rate %d, noise %d, order %d: the moment equals 60-digit quadrature",
    (samplingRate, noise, order, logMoment) => {
      const [divergence = 0] = poissonDivergences({ samplingRate, noise }, [order]);
      expect(relative(divergence * (order - 1), logMoment)).toBeLessThan(1e-9);
    },
  );

  it.each(renyi.epsilons)("[DP6] %j at delta %d: epsilon equals Opacus'", (row, delta, epsilon) => {
    const query = { relation: "add-or-remove-one", events: [row] } as const;
    const found = accountants.rdp.compose(query).epsilon(delta);
    expect(relative(found.epsilon, epsilon)).toBeLessThan(1e-6);
  });

  it.each(renyi.fixedSize.cases)(
    "[DP6] %d of %d with noise %d: divergences equal dp_accounting's",
    (sample, population, noiseMultiplier, log) => {
      const mechanism = { samplingRate: sample / population, noise: noiseMultiplier / 2 };
      const found = fixedSizeDivergences(mechanism, renyi.fixedSize.orders);
      log.forEach((expected, k) => {
        expect(relative(found[k]!, expected)).toBeLessThan(1e-6);
      });
    },
  );

  it.each(renyi.tree.cases)(
    "[DP6] tree with noise %d over %d releases: divergences equal dp_accounting's",
    (noiseMultiplier, steps, divergences) => {
      const event = { mechanism: "tree-gaussian", noiseMultiplier, steps } as const;
      const cost = (participations: number) =>
        accountants.gaussian
          .compose({ relation: "zero-out", events: [{ ...event, participations }] })
          .delta(1).delta;
      renyi.tree.orders.forEach((order, k) => {
        const signal = Math.sqrt((2 * divergences[k]!) / order);
        expect(relative(cost(1), gaussianDelta(signal, 1))).toBeLessThan(1e-9);
        expect(relative(cost(3), gaussianDelta(3 * signal, 1))).toBeLessThan(1e-9);
      });
    },
  );

  it("below the noise of the quadrature, chords lie above the exact moment and meet it at integers", () => {
    const orders = [1.5, 2, 2.5, 3];
    const [coarse, fine] = [0.0999, 0.1].map((noise) =>
      poissonDivergences({ samplingRate: 0.01, noise }, orders),
    );
    expect(coarse![0]! * 0.5).toBeGreaterThan(fine![0]! * 0.5);
    expect(relative(coarse![1]!, fine![1]!)).toBeLessThan(0.01);
    expect(coarse![2]! * 1.5).toBeCloseTo((coarse![1]! + coarse![3]! * 2) / 2, 9);
  });
});

describe("the exact Gaussian curve", () => {
  it.each(exact.cases)(
    "[DP6] signal %d, epsilon %d: delta to 60 digits",
    (signal, epsilon, delta) => {
      if (delta < 1e-300) return;
      expect(relative(gaussianDelta(signal, epsilon), delta)).toBeLessThan(1e-10);
      if (epsilon === 0 || delta < 1e-250) return;
      expect(relative(gaussianEpsilon(signal, delta), epsilon)).toBeLessThan(1e-7);
    },
  );
});

describe("the tight accountant", () => {
  it.each(tight.cases)(
    "[DP6] %j under %s at delta %d is between the optimistic and the pessimistic value of dp_accounting",
    (events, relation, delta, optimistic, pessimistic) => {
      const found = accountants.prv.compose({ relation, events }).epsilon(delta);
      expect(found.epsilon).toBeGreaterThan(optimistic - 1e-6);
      expect(found.epsilon).toBeLessThan(pessimistic * (1 + 2e-4) + 2e-5);
      expect(found.upper).toBeGreaterThan(optimistic - 1e-9);
      expect(found.lower).toBeLessThan(pessimistic);
    },
  );

  it("[DP6] rate 0.01, noise 1, 1,000 steps, delta 1e-5: 2.1014 by Renyi divergences, 1.8282 exactly", () => {
    const { rows: events, delta, rdp, pld } = tight.fixedPoint;
    const query = { relation: "add-or-remove-one", events } as const;
    const { epsilon } = accountants.prv.compose(query).epsilon(delta);
    expect(Math.abs(epsilon - pld)).toBeLessThan(1e-3);
    expect(epsilon).toBeCloseTo(1.8282, 3);
    expect(accountants.rdp.compose(query).epsilon(delta).epsilon).toBeCloseTo(rdp, 4);
    expect(rdp).toBeCloseTo(2.1014, 4);
  });

  it.each(tight.noises)(
    "[DP6] rate %d, %d steps, epsilon %d: the noise equals that of dp_accounting's search",
    (samplingRate, steps, epsilon, byPld, byRdp) => {
      const plan = (noiseMultiplier: number): PrivacyEvent[] => [
        { mechanism: "poisson-gaussian", samplingRate, noiseMultiplier, steps },
      ];
      const target = { epsilon, delta: tight.noiseDelta };
      const search = { relation: "add-or-remove-one", plan, target } as const;
      const noise = (name: "prv" | "rdp") =>
        calibrateNoise({ ...search, accountant: accountants[name] }).noiseMultiplier;
      expect(relative(noise("prv"), byPld)).toBeLessThan(1e-3);
      expect(relative(noise("rdp"), byRdp)).toBeLessThan(1e-3);
    },
  );
});
