import { rngFromSeed } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { correlation, goodnessOfFit, moments, varianceError } from "../test-support/statistics.ts";
import { discreteGaussian, discreteGaussianNoise } from "./discrete-gaussian.ts";
import { drawsFrom } from "./draws.ts";
import { exactCoins } from "./exact-coins.ts";
import { seededKeystream } from "./keystream.ts";

/** The discrete Gaussian's probabilities by their definition. */
function probabilities(variance: number): (y: number) => number {
  const weight = (y: number) => Math.exp((-y * y) / (2 * variance));
  let total = 0;
  for (let y = -400; y <= 400; y++) total += weight(y);
  return (y) => weight(y) / total;
}

describe.each([
  { numerator: 1, denominator: 4 },
  { numerator: 9, denominator: 1 },
  { numerator: 25, denominator: 4 },
  { numerator: 1, denominator: 10 },
  // Beyond exact float64: every acceptance is decided in integers.
  { numerator: 9 * 2 ** 48, denominator: 2 ** 48 },
])("variance $numerator / $denominator", (variance) => {
  const ratio = variance.numerator / variance.denominator;
  const sampler = discreteGaussian(rngFromSeed("discrete"), variance);
  const samples = Array.from({ length: 40_000 }, sampler);

  test("[DP10] samples have the distribution", () => {
    expect(samples.every(Number.isInteger)).toBe(true);
    expect(goodnessOfFit(samples, probabilities(ratio))).toBeGreaterThan(0.01);
  });

  test("another variance would be found", () => {
    expect(goodnessOfFit(samples, probabilities(ratio * 1.15))).toBeLessThan(0.001);
  });
});

test.each([1000, 2 ** 20 + 1, 2 ** 26])("[DP10] deviation %d is kept", (standardDeviation) => {
  const keystream = seededKeystream(rngFromSeed("wide"));
  const length = 40_000;
  const noise = discreteGaussianNoise(keystream, { length, standardDeviation });
  const other = discreteGaussianNoise(keystream, { length, standardDeviation });
  expect(noise.every(Number.isSafeInteger)).toBe(true);
  expect(Math.abs(varianceError(noise, standardDeviation ** 2))).toBeLessThan(3);
  expect(Math.abs(moments(noise).mean)).toBeLessThan((3 * standardDeviation) / Math.sqrt(length));
  expect(Math.abs(correlation(noise, other))).toBeLessThan(4 / Math.sqrt(length));
});

test("deviations that are no integers in range are refused", () => {
  const keystream = seededKeystream(rngFromSeed(1));
  for (const standardDeviation of [0, -1, 0.5, 2 ** 26 + 1, Number.NaN]) {
    const request = { length: 1, standardDeviation };
    expect(() => discreteGaussianNoise(keystream, request)).toThrow(RangeError);
  }
  for (const numerator of [0, -1, 1.5, 2 ** 53]) {
    const variance = { numerator, denominator: 1 };
    expect(() => discreteGaussian(rngFromSeed(1), variance)).toThrow(RangeError);
  }
});

describe("coins", () => {
  const tosses = 40_000;
  const share = (coin: () => boolean) => {
    let heads = 0;
    for (let i = 0; i < tosses; i++) if (coin()) heads += 1;
    return heads / tosses;
  };
  const within = (observed: number, p: number) =>
    Math.abs(observed - p) <= 3.3 * Math.sqrt((p * (1 - p)) / tosses);
  const coins = exactCoins(drawsFrom(seededKeystream(rngFromSeed("coins"))));

  test.each([
    [0n, 1n],
    [3n, 10n],
    [1n, 1n],
    [5n, 2n],
    [4n, 1n],
  ])("e^-(%s/%s), with a float64 beside it and without", (numerator, denominator) => {
    const gamma = Number(numerator) / Number(denominator);
    const exact = () => ({ numerator, denominator });
    expect(
      within(
        share(() => coins.expMinus(gamma, exact)),
        Math.exp(-gamma),
      ),
    ).toBe(true);
    expect(
      within(
        share(() => coins.expMinus(Infinity, exact)),
        Math.exp(-gamma),
      ),
    ).toBe(true);
  });

  test("e^-1", () => {
    expect(
      within(
        share(() => coins.expMinusOne()),
        Math.exp(-1),
      ),
    ).toBe(true);
  });

  test("e^-1000 never shows heads, nor waits", () => {
    const exact = () => ({ numerator: 1000n, denominator: 1n });
    expect(share(() => coins.expMinus(1000, exact))).toBe(0);
  });

  test("a uniform too close to the probability is decided in integers", () => {
    // gamma = 3/4 and a first uniform whose 53 bits are exactly 3/4: the rest of p is 0, so tails at once.
    const words = [0xc0000000, 0, 0, 0];
    let asked = 0;
    const draws = { uint32: () => words.shift() ?? 0, uniform: () => 0, below: () => 0 };
    const exact = () => {
      asked += 1;
      return { numerator: 3n, denominator: 4n };
    };
    expect(exactCoins(draws).expMinus(0.75, exact)).toBe(true);
    expect(asked).toBe(1);
    // One bit lower the uniform is below p whatever its other bits are: heads, then a second toss that shows tails.
    const lower = [0xbfffffff, 0xffffffff, 0, 0xffffffff, 0xffffffff];
    const below = { ...draws, uint32: () => lower.shift() ?? 0 };
    expect(exactCoins(below).expMinus(0.75, exact)).toBe(false);
    expect(asked).toBe(2);
  });
});
