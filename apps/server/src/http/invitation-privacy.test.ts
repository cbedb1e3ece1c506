import { methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import type { PrivacyEvent } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";
import { describe, expect, it } from "vitest";
import { promisedPrivacy, rightOutOf100 } from "./invitation-privacy.ts";

const task = { kind: "sequence-classification", labels: ["no", "yes"] };
const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
const promised = (privacy: Readonly<Record<string, unknown>>, more: object = {}) => {
  const rounds = { weightedBy: "uniform", numRounds: 10 };
  const evaluation = { everyRounds: 0 };
  const config = { task, rounds, evaluation, privacy, ...more };
  return promisedPrivacy(resolveRun(config, registries, nodeHash).config);
};

describe("the odds of a promise", () => {
  const relation = "add-or-remove-one";
  const delta = 1e-5;
  /** One Gaussian release whose neighbours are mu apart. */
  const gaussian = (mu: number): PrivacyEvent[] => [
    { mechanism: "gaussian", noiseMultiplier: 1 / mu, steps: 1 },
  ];
  const odds = (name: string, epsilon: number, mu: number) =>
    rightOutOf100(
      { relation, delta, epsilonProjected: epsilon, accountant: { name, parameters: {} } },
      gaussian(mu),
    );

  // 100 Phi(mu / 2) for the mu that gives this epsilon at delta 1e-5, and the textbook bound; both rounded up.
  it.each([
    [0.5, 0.142, 52.8, 62.2],
    [1, 0.268, 55.3, 73.1],
    [2, 0.502, 59.9, 88.1],
    [3, 0.719, 64.0, 95.3],
    [4, 0.925, 67.8, 98.2],
    [6, 1.31, 74.4, 99.8],
    [8, 1.666, 79.8, 99.97],
    [10, 2, 84.1, 100],
  ])(
    "at epsilon %d are those of the whole curve, or a rough bound",
    (epsilon, mu, curve, bound) => {
      for (const name of ["prv", "gaussian"]) {
        expect(odds(name, epsilon, mu)).toEqual({
          rightOutOf100: Math.ceil(curve + 0.01),
          rightBy: "curve",
        });
      }
      for (const name of ["rdp", "tree"])
        expect(odds(name, epsilon, mu)).toEqual({
          rightOutOf100: Math.ceil(bound),
          rightBy: "bound",
        });
    },
  );

  it("are a coin's without any release, and never above 100", () => {
    expect(odds("prv", 0, 1e-6).rightOutOf100).toBe(51);
    expect(odds("rdp", 0, 1).rightOutOf100).toBe(51);
    expect(odds("rdp", 5_000, 1).rightOutOf100).toBe(100);
    expect(odds("prv", 5_000, 99).rightOutOf100).toBe(100);
  });
});

describe("what an invitation says of privacy", () => {
  it("is nothing where nothing is promised", () => {
    expect(promised({ mode: "none" })).toEqual({ mode: "none" });
  });

  it("is the promise at the end of all rounds, example by example", () => {
    const settings = { mode: "record-level", samplingRate: 0.02, noiseMultiplier: 1.1 };
    const training = { maxSteps: 5 };
    const told = promised(settings, { training });
    expect(told).toMatchObject({
      ...{ mode: "record-level", unit: "example", whoAddsNoise: "clients", delta: 1e-5 },
      ...{ noiseMultiplier: 1.1, clipNorm: 1, accountant: "prv", rightBy: "curve" },
      ...{ steps: 50, samplingRate: 0.02, isSeeded: false, relation: "add-or-remove-one" },
    });
    if (told.mode === "none") throw new Error("nothing is promised");
    expect(told.epsilon).toBeGreaterThan(0.1);
    expect(told.rightOutOf100).toBeLessThan(65);
    const rough = promised({ ...settings, accountant: "rdp" }, { training });
    if (rough.mode === "none") throw new Error("nothing is promised");
    expect(rough.rightBy).toBe("bound");
    expect(rough.rightOutOf100).toBeGreaterThanOrEqual(told.rightOutOf100);
  });

  it("says who adds the noise, and whether it can be repeated", () => {
    const settings = { mode: "user-level", expectedCohort: 4, noiseMultiplier: 2 };
    expect(promised({ ...settings, noise: "seeded" })).toMatchObject({
      ...{ mode: "user-level", unit: "user", whoAddsNoise: "coordinator", isSeeded: true },
      samplingRate: null,
    });
  });
});
