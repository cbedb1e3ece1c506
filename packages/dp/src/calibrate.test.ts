import { FedtuneError, isFedtuneError } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountants } from "./accountants/registry.ts";
import { calibrateNoise } from "./calibrate.ts";
import type { NoiseSearch } from "./calibrate.ts";
import type { PrivacyEvent } from "./events.ts";

const poisson = (samplingRate: number, noiseMultiplier: number, steps: number): PrivacyEvent => ({
  mechanism: "poisson-gaussian",
  samplingRate,
  noiseMultiplier,
  steps,
});
const relation = "add-or-remove-one";
const spent = [poisson(0.02, 2, 500)];

function search(name: "rdp" | "prv", epsilon: number, rest?: Partial<NoiseSearch>): NoiseSearch {
  return {
    accountant: accountants[name],
    relation,
    plan: (noise) => [poisson(0.01, noise, 1000)],
    target: { epsilon, delta: 1e-5 },
    ...rest,
  };
}

/** The cost of a search's rows at some noise. */
function cost({ accountant, spent: rows = [], plan, target }: NoiseSearch, noise: number): number {
  return accountant.compose({ relation, events: [...rows, ...plan(noise)] }).epsilon(target.delta)
    .upper;
}

describe("the noise for a target", () => {
  it.each(["rdp", "prv"] as const)(
    "[DP8] is private with %s, and a tenth of a percent less would not be",
    (name) => {
      const targets = fc.double({ min: 2, max: 12, noNaN: true });
      fc.assert(
        fc.property(targets, fc.boolean(), (epsilon, fresh) => {
          const one = search(name, epsilon, fresh ? {} : { spent });
          const { noiseMultiplier, result } = calibrateNoise(one);
          expect(result.upper).toBeLessThanOrEqual(epsilon);
          expect(cost(one, noiseMultiplier)).toBe(result.upper);
          expect(cost(one, noiseMultiplier * (1 - 1e-3))).toBeGreaterThan(epsilon);
        }),
        { numRuns: name === "prv" ? 2 : 20 },
      );
    },
  );

  it("[DP8] is larger when something is spent", () => {
    const fresh = calibrateNoise(search("rdp", 3)).noiseMultiplier;
    const later = calibrateNoise(search("rdp", 3, { spent })).noiseMultiplier;
    expect(later).toBeGreaterThan(fresh * 1.01);
  });

  it("[DP8] a target below what is spent is refused with both numbers", () => {
    const already = cost(search("rdp", 1, { spent, plan: () => [] }), 1);
    const failure = failureOf(() => calibrateNoise(search("rdp", 0.5, { spent })));
    expect(failure).toMatchObject({
      code: "config-conflict",
      data: { target: { epsilon: 0.5, delta: 1e-5 }, spent: already },
    });
    expect(failure.message).toContain(`epsilon ${already.toPrecision(6)} is already spent`);
  });

  it("[DP8] a target that no noise reaches is refused", () => {
    const plan = () => [poisson(0.5, 0.7, 100)];
    expect(failureOf(() => calibrateNoise(search("rdp", 1, { plan }))).message).toContain(
      "wanted a larger epsilon, fewer steps or a lower rate",
    );
  });

  it("noise that the accountant refuses counts as too small", () => {
    const { accountant, ...rest } = search("rdp", 1e9);
    const compose: typeof accountant.compose = (query) => {
      if (query.events.some(({ noiseMultiplier }) => noiseMultiplier < 0.3)) {
        throw new FedtuneError("config-conflict", "too little noise");
      }
      return accountant.compose(query);
    };
    const { noiseMultiplier } = calibrateNoise({ ...rest, accountant: { ...accountant, compose } });
    expect(noiseMultiplier).toBeGreaterThanOrEqual(0.3);
    expect(noiseMultiplier).toBeLessThan(0.3 * 1.001);
  });

  it("a target so large that any noise will do gets the least noise there is", () => {
    const { noiseMultiplier } = calibrateNoise(search("rdp", 1e9));
    expect(noiseMultiplier).toBe(0.05);
  });
});

function failureOf(action: () => unknown) {
  try {
    action();
  } catch (error) {
    if (isFedtuneError(error)) return error;
    throw error;
  }
  throw new Error("wanted a refusal");
}
