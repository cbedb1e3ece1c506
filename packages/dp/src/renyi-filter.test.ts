import { isFedtuneError } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRdpAccountant } from "./accountants/rdp.ts";
import type { PrivacyEvent } from "./events.ts";
import { bestFilterOrder, filteredEpsilon, filterOrder, openRenyiFilter } from "./renyi-filter.ts";

const relation = "add-or-remove-one";
const target = { epsilon: 3, delta: 1e-5 };
const event = (noiseMultiplier: number, steps: number): PrivacyEvent => ({
  mechanism: "poisson-gaussian",
  samplingRate: 0.02,
  noiseMultiplier,
  steps,
});

describe("a Renyi filter", () => {
  it("admits events while their epsilon at its order is within the target, and no further", () => {
    const noise = fc.double({ min: 0.8, max: 3, noNaN: true });
    const events = fc.array(noise, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(events, fc.constantFrom(6, 7.5, 16), (noises, order) => {
        const accountant = createRdpAccountant([order]);
        let filter = openRenyiFilter({ order, relation, target });
        const done: PrivacyEvent[] = [];
        for (const next of noises.map((one) => event(one, 40))) {
          const composed = accountant.compose({ relation, events: [...done, next] });
          const { epsilon } = composed.epsilon(target.delta);
          if (Math.abs(epsilon - target.epsilon) < 1e-9) return;
          expect(filter.admits(next)).toBe(epsilon < target.epsilon);
          if (!filter.admits(next)) break;
          filter = filter.spend(next);
          done.push(next);
        }
        expect(filter.spent).toBeLessThanOrEqual(filter.bound);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses to spend what it does not admit, and stays as it was", () => {
    const filter = openRenyiFilter({ order: 8, relation, target });
    const costly = event(0.8, 100_000);
    expect(filter.admits(costly)).toBe(false);
    expect(() => filter.spend(costly)).toThrow(/wanted at most/);
    expect(filter.spent).toBe(0);
  });

  it("says what it has spent as an epsilon, which is within the target exactly while it admits", () => {
    const order = filterOrder(target);
    const filter = openRenyiFilter({ order, relation, target });
    const noise = fc.double({ min: 0.7, max: 3, noNaN: true });
    fc.assert(
      fc.property(noise, fc.integer({ min: 1, max: 2000 }), (noiseMultiplier, steps) => {
        const events = [event(noiseMultiplier, steps)];
        const spent = filteredEpsilon({ relation, events }, { order, delta: target.delta });
        if (Math.abs(spent - target.epsilon) < 1e-9) return;
        expect(spent <= target.epsilon).toBe(filter.admits(event(noiseMultiplier, steps)));
      }),
    );
  });

  it("at the order that the target alone gives, admits no more Gaussian noise at any other order", () => {
    const gaussian: PrivacyEvent = { mechanism: "gaussian", noiseMultiplier: 5, steps: 1 };
    const share = (order: number) => {
      const filter = openRenyiFilter({ order, relation, target });
      return filter.cost(gaussian) / filter.bound;
    };
    const best = filterOrder(target);
    for (const other of [6, 7.5, 10, 16, 32]) {
      expect(share(best)).toBeLessThanOrEqual(share(other) * (1 + 1e-12));
    }
  });

  it("is not opened at an order that can spend nothing", () => {
    const open = () => openRenyiFilter({ order: 1.5, relation, target });
    expect(open).toThrow(expect.toSatisfy((error) => isFedtuneError(error, "config-conflict")));
  });

  it("the best order for a plan admits more of it than its neighbours", () => {
    const plan = { relation, events: [event(1.2, 1000)] } as const;
    const order = bestFilterOrder(plan, target);
    const share = (one: number) => {
      const filter = openRenyiFilter({ order: one, relation, target });
      return filter.cost(event(1.2, 1000)) / filter.bound;
    };
    expect(share(order)).toBeLessThan(share(order * 1.5));
    expect(share(order)).toBeLessThan(share(order / 1.5));
  });
});
