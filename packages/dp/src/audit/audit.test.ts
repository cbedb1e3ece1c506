import { rngFromSeed } from "@fedtune/core";
import { loadGolden } from "@fedtune/testkit";
import type { Provenance } from "@fedtune/testkit";
import { describe, expect, test } from "vitest";
import { gaussianNoise } from "../noise/gaussian.ts";
import { seededKeystream } from "../noise/keystream.ts";
import { chooseCanaries, countGuesses, guessExtremes } from "./canaries.ts";
import { auditPValue, certifiedEpsilon } from "./one-run.ts";

const golden = loadGolden<{
  provenance: Provenance;
  epsilons: number[];
  confidences: number[];
  rows: {
    canaries: number;
    guesses: number;
    correct: number;
    delta: number;
    pValues: number[];
    bounds: number[];
  }[];
}>(new URL("../../golden/audit.json", import.meta.url));

describe.each(golden.rows)(
  "$correct of $guesses guesses about $canaries canaries, delta $delta",
  ({ pValues, bounds, ...observation }) => {
    test("p-values equal scipy's", () => {
      golden.epsilons.forEach((epsilon, index) => {
        const expected = pValues[index]!;
        const actual = auditPValue(observation, epsilon);
        expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * expected + 1e-300);
      });
    });

    test("bounds equal the paper's algorithm", () => {
      golden.confidences.forEach((confidence, index) => {
        const bound = certifiedEpsilon(observation, confidence);
        expect(Math.abs(bound - bounds[index]!)).toBeLessThan(2e-6);
      });
    });
  },
);

/** Every canary says whether it is in, truthfully with probability e^epsilon / (1 + e^epsilon). */
function randomisedResponse(canaries: number, epsilon: number, seed: string): number {
  const rng = rngFromSeed(seed);
  const coins = chooseCanaries(canaries, rng);
  const truth = 1 / (1 + Math.exp(-epsilon));
  const scores = Float64Array.from(coins, (coin) => (rng.uniform() < truth ? coin : 1 - coin));
  const half = Math.floor(canaries / 2);
  // Reported ones are more than half at times: then some guesses at the middle are made in the order of the canaries.
  const guesses = guessExtremes(scores, { included: half, excluded: canaries - half });
  const observation = { canaries, delta: 0, ...countGuesses(guesses, coins) };
  return certifiedEpsilon(observation, 0.95);
}

test.each([0.5, 1, 2, 4])(
  "[DP20] randomised response at epsilon %d: below the truth, and close to it",
  (epsilon) => {
    const bounds = Array.from({ length: 10 }, (_, run) =>
      randomisedResponse(10_000, epsilon, `response ${run}`),
    );
    expect(bounds.filter((bound) => bound > epsilon).length).toBeLessThanOrEqual(2);
    expect(Math.max(...bounds)).toBeGreaterThan(0.9 * epsilon);
    expect(Math.min(...bounds)).toBeGreaterThan(0.8 * epsilon);
  },
);

/** Scores of included canaries shifted by `1 / noise`, audited at the extremes. */
function gaussianAudit(noise: number): number {
  const canaries = 2000;
  const coins = chooseCanaries(canaries, rngFromSeed("coins"));
  const scores = gaussianNoise(seededKeystream(rngFromSeed("scores")), {
    length: canaries,
    standardDeviation: noise,
  });
  coins.forEach((coin, index) => (scores[index]! += coin));
  const guesses = guessExtremes(scores, { included: 200, excluded: 200 });
  return certifiedEpsilon({ canaries, delta: 1e-5, ...countGuesses(guesses, coins) }, 0.95);
}

test("[DP20] without noise the audit certifies a large epsilon: it is not blind", () => {
  expect(gaussianAudit(0)).toBeGreaterThan(4);
});

test("the more noise, the less is certified, down to nothing", () => {
  const [little = 0, some = 0, much = 0] = [0.3, 1, 1000].map(gaussianAudit);
  expect(little).toBeGreaterThan(some);
  expect(some).toBeGreaterThan(much);
  expect(much).toBe(0);
});

test("canaries are fair coins", () => {
  const coins = chooseCanaries(10_000, rngFromSeed("fair"));
  const included = coins.reduce((sum, coin) => sum + coin, 0);
  expect(Math.abs(included - 5000)).toBeLessThan(4 * 50);
});

test("guesses stand at the extremes; what is not a number counts as lowest", () => {
  const scores = Float64Array.of(3, -1, Number.NaN, 7, 0, Infinity);
  const guesses = guessExtremes(scores, { included: 2, excluded: 2 });
  expect([...guesses]).toEqual([0, -1, -1, 1, 0, 1]);
  const coins = Uint8Array.of(1, 0, 1, 1, 0, 0);
  expect(countGuesses(guesses, coins)).toEqual({ guesses: 4, correct: 2 });
  expect([...guessExtremes(scores, { included: 0, excluded: 0 })]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("counts and claims that make no sense are refused", () => {
  const observation = { canaries: 10, guesses: 5, correct: 3, delta: 0 };
  expect(() => guessExtremes(new Float64Array(3), { included: 2, excluded: 2 })).toThrow(
    RangeError,
  );
  expect(() => auditPValue({ ...observation, correct: 6 }, 1)).toThrow(RangeError);
  expect(() => auditPValue({ ...observation, guesses: 11 }, 1)).toThrow(RangeError);
  expect(() => auditPValue(observation, -1)).toThrow(RangeError);
  expect(() => auditPValue({ ...observation, delta: 2 }, 1)).toThrow(RangeError);
  expect(() => certifiedEpsilon(observation, 1)).toThrow(RangeError);
});
