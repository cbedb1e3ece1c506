import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countingEntropy } from "../test-support/entropy.ts";
import { varianceForDeviation } from "../test-support/planted-errors.ts";
import {
  correlation,
  kolmogorovSmirnov,
  moments,
  normalCdf,
  varianceError,
} from "../test-support/statistics.ts";
import { addNoise, gaussianNoise, releaseGrid } from "./gaussian.ts";
import { secureKeystream, seededKeystream } from "./keystream.ts";

const LENGTH = 200_000;

// Never 0 or 1, where a variance and a deviation are the same number.
describe.each([0.5, 3])("deviation %d", (standardDeviation) => {
  const keystream = secureKeystream(countingEntropy(11));
  const noise = gaussianNoise(keystream, { length: LENGTH, standardDeviation });

  test("[DP10] mean and variance are within three standard errors", () => {
    expect(Math.abs(moments(noise).mean)).toBeLessThan((3 * standardDeviation) / Math.sqrt(LENGTH));
    expect(Math.abs(varianceError(noise, standardDeviation ** 2))).toBeLessThan(3);
  });

  test("[DP10] Kolmogorov and Smirnov find no difference to the normal distribution", () => {
    expect(kolmogorovSmirnov(noise, (x) => normalCdf(x / standardDeviation))).toBeGreaterThan(0.01);
  });

  test("[DP10] neighbours in a vector and other vectors have nothing in common", () => {
    const limit = 4 / Math.sqrt(LENGTH);
    const squares = noise.map((value) => value * value);
    expect(Math.abs(correlation(noise.subarray(1), noise.subarray(0, -1)))).toBeLessThan(limit);
    expect(Math.abs(correlation(squares.subarray(1), squares.subarray(0, -1)))).toBeLessThan(limit);
    const other = gaussianNoise(keystream, { length: LENGTH, standardDeviation });
    const restarted = gaussianNoise(secureKeystream(countingEntropy(99)), {
      length: LENGTH,
      standardDeviation,
    });
    expect(Math.abs(correlation(noise, other))).toBeLessThan(limit);
    expect(Math.abs(correlation(noise, restarted))).toBeLessThan(limit);
  });

  test("[DP10] a variance taken for a deviation would be found", () => {
    const wrong = varianceForDeviation(keystream, { length: 2000, standardDeviation });
    expect(Math.abs(varianceError(wrong, standardDeviation ** 2))).toBeGreaterThan(3);
    expect(kolmogorovSmirnov(wrong, (x) => normalCdf(x / standardDeviation))).toBeLessThan(0.001);
  });
});

/** The same numbers, one at a time, from the words in the same order. */
function slowNoise(seed: number, length: number, standardDeviation: number): number[] {
  const rng = rngFromSeed(seed);
  const out: number[] = [];
  while (out.length < length) {
    const sums: [number, number] = [0, 0];
    for (let draw = 0; draw < 4; draw++) {
      const radius = Math.sqrt(-2 * Math.log(rng.uniform() + 2 ** -53));
      const angle = 2 * Math.PI * rng.uniform();
      sums[0] += radius * Math.cos(angle);
      sums[1] += radius * Math.sin(angle);
    }
    out.push(...sums.map((sum) => (sum / 2) * standardDeviation));
  }
  return out.slice(0, length);
}

test.each([0, 1, 2, 2047, 2048, 5001])("%d values equal the obvious slow version", (length) => {
  const noise = gaussianNoise(seededKeystream(rngFromSeed(5)), { length, standardDeviation: 3 });
  const slow = slowNoise(5, length, 3);
  expect(noise.length).toBe(length);
  noise.forEach((value, index) => expect(value).toBeCloseTo(slow[index]!, 12));
});

test("words of zeros and words of ones give finite noise", () => {
  for (const word of [0, 0xffffffff]) {
    const keystream = { secure: false, fill: (words: Uint32Array) => void words.fill(word) };
    const noise = gaussianNoise(keystream, { length: 4, standardDeviation: 3 });
    expect(noise.every(Number.isFinite)).toBe(true);
  }
});

test("what is not a length or a deviation is refused", () => {
  const keystream = seededKeystream(rngFromSeed(1));
  for (const request of [
    { length: -1, standardDeviation: 1 },
    { length: 1.5, standardDeviation: 1 },
    { length: 1, standardDeviation: Number.NaN },
    { length: 1, standardDeviation: -1 },
    { length: 1, standardDeviation: Infinity },
  ]) {
    expect(() => gaussianNoise(keystream, request)).toThrow(RangeError);
  }
});

test("a noisy sum lies on a grid of powers of two, within half a step of the true one", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (clipNorm, values) => {
        const grid = releaseGrid(clipNorm);
        expect(Number.isInteger(Math.log2(grid))).toBe(true);
        expect(grid).toBeLessThanOrEqual(clipNorm * 2 ** -20);
        expect(grid).toBeGreaterThan(clipNorm * 2 ** -21);
        const sum = Float64Array.from(values, (value) => value * clipNorm);
        const noise = sum.map((_, index) => index * clipNorm);
        const noisy = addNoise(sum.slice(), noise, { grid });
        noisy.forEach((value, index) => {
          expect(Number.isInteger(value / grid)).toBe(true);
          expect(Object.is(value, -0)).toBe(false);
          expect(Math.abs(value - (sum[index]! + noise[index]!))).toBeLessThanOrEqual(grid / 2);
        });
      },
    ),
  );
  expect(() => releaseGrid(0)).toThrow(RangeError);
  expect(() => addNoise(new Float64Array(2), new Float64Array(3), { grid: 1 })).toThrow(RangeError);
});
