import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { gaussianNoise } from "../noise/gaussian.ts";
import { seededKeystream } from "../noise/keystream.ts";
import {
  clippedBit,
  defaultBitDeviation,
  nextClipNorm,
  updateNoiseMultiplier,
} from "./adaptive.ts";

const adaptation = { targetClippedQuantile: 0.5, clipNormLr: 0.2, expectedCohort: 100 };

test("bits are centred, and an example that is not finite has none", () => {
  expect([1, 2, 3, 0].map((norm) => clippedBit(norm, 2))).toEqual([0.5, 0.5, -0.5, 0.5]);
  expect([Number.NaN, Infinity].map((norm) => clippedBit(norm, 2))).toEqual([0, 0]);
});

test("the update is geometric in the share of unclipped norms", () => {
  // b = 0.8: 80 of 100 are below, so the sum of bits is 30.
  expect(nextClipNorm(2, 30, adaptation)).toBeCloseTo(2 * Math.exp(-0.2 * 0.3), 14);
  expect(nextClipNorm(2, 0, adaptation)).toBe(2);
  expect(nextClipNorm(2, -1000, adaptation)).toBeCloseTo(2 * Math.exp(0.1), 14);
  expect(nextClipNorm(2, 1000, adaptation)).toBeCloseTo(2 * Math.exp(-0.1), 14);
  expect(() => nextClipNorm(2, 0, { ...adaptation, expectedCohort: 0 })).toThrow(RangeError);
});

test("the clip norm finds the quantile that it is asked for, from both sides", () => {
  const rng = rngFromSeed("norms");
  const norms = Array.from({ length: 100 }, () => 5 + 2 * rng.normal());
  const keystream = seededKeystream(rngFromSeed("bits"));
  for (const start of [0.1, 100]) {
    for (const targetClippedQuantile of [0.5, 0.9]) {
      let clipNorm = start;
      for (let step = 0; step < 200; step++) {
        const standardDeviation = defaultBitDeviation(100);
        const [noise = 0] = gaussianNoise(keystream, { length: 1, standardDeviation });
        const bits = norms.reduce((sum, norm) => sum + clippedBit(norm, clipNorm), 0);
        clipNorm = nextClipNorm(clipNorm, bits + noise, { ...adaptation, targetClippedQuantile });
      }
      const below = norms.filter((norm) => norm <= clipNorm).length / 100;
      expect(Math.abs(below - targetClippedQuantile)).toBeLessThan(0.1);
    }
  }
});

test("vectors and bits together cost what the whole multiplier costs", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 50, noNaN: true }),
      fc.double({ min: 0.01, max: 0.95, noNaN: true }),
      (bitDeviation, share) => {
        const noiseMultiplier = 2 * bitDeviation * share;
        const update = updateNoiseMultiplier(noiseMultiplier, bitDeviation);
        expect(update).toBeGreaterThan(noiseMultiplier);
        // Squared sensitivities over variances add up: 1 / update^2 for vectors, (1/2)^2 / deviation^2 for bits.
        const both = update ** -2 + 0.25 / bitDeviation ** 2;
        expect(both * noiseMultiplier ** 2).toBeCloseTo(1, 9);
      },
    ),
  );
  for (const [z, deviation] of [
    [2, 1],
    [3, 1],
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
  ] as const) {
    expect(() => updateNoiseMultiplier(z, deviation)).toThrow(RangeError);
  }
});
