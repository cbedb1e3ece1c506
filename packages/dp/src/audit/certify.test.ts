import { rngFromSeed } from "@fedtune/core";
import { expect, test } from "vitest";
import { chooseCanaries } from "./canaries.ts";
import { certifyScores } from "./certify.ts";
import { certifiedEpsilon } from "./one-run.ts";

const asked = { delta: 0, confidence: 0.95 };

test("scores that say nothing certify more than nothing in at most one of twenty runs", () => {
  const certified = Array.from({ length: 400 }, (_, run) => {
    const rng = rngFromSeed(`blind ${run}`);
    const coins = chooseCanaries(256, rng);
    const scores = Float64Array.from(coins, () => rng.uniform());
    return certifyScores(scores, coins, asked).epsilon;
  });
  // 20 expected at most, and 40 is more than four deviations above.
  expect(certified.filter((epsilon) => epsilon > 0).length).toBeLessThan(40);
});

test("scores that say everything certify what all guesses right would, at a fifth of the permitted error", () => {
  const coins = Uint8Array.from({ length: 160 }, (_, index) => index % 2);
  const { epsilon, ...count } = certifyScores(Float64Array.from(coins), coins, asked);
  expect(count).toEqual({ guesses: 140, correct: 140 });
  expect(epsilon).toBe(certifiedEpsilon({ ...count, canaries: 160, delta: 0 }, 0.99));
});

test("where few of those included stand out, the highest alone are guessed", () => {
  const rng = rngFromSeed("few");
  const coins = chooseCanaries(1024, rng);
  const scores = Float64Array.from(coins, (coin) => (coin === 1 && rng.uniform() < 0.1 ? 1 : 0));
  const { epsilon, guesses, correct } = certifyScores(scores, coins, asked);
  expect([guesses, correct]).toEqual([32, 32]);
  expect(epsilon).toBeGreaterThan(1.5);
});

test("scores and coins must be equally many", () => {
  expect(() => certifyScores(new Float64Array(3), new Uint8Array(2), asked)).toThrow(RangeError);
});
