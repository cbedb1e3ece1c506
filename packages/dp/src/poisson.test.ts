import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawsFrom } from "./noise/draws.ts";
import { seededKeystream } from "./noise/keystream.ts";
import { expectedBatchSize, poissonSample } from "./poisson.ts";
import { shuffledBatches } from "./test-support/planted-errors.ts";
import { looksPoisson, poissonEvidence } from "./test-support/poisson-evidence.ts";

describe.each([
  { populationSize: 1000, samplingRate: 0.01 },
  { populationSize: 1000, samplingRate: 0.064 },
  { populationSize: 331, samplingRate: 0.5 },
  { populationSize: 331, samplingRate: 0.7 },
  { populationSize: 33, samplingRate: 0.99 },
])("rate $samplingRate of $populationSize", (sampling) => {
  const draws = drawsFrom(seededKeystream(rngFromSeed("poisson")));
  const batches = Array.from({ length: 3000 }, () => poissonSample(sampling, draws));

  test("[DP13] sizes and inclusions are binomial", () => {
    expect(looksPoisson(poissonEvidence(batches, sampling))).toBe(true);
  });

  test("[DP13] pairs are drawn independently", () => {
    const { samplingRate } = sampling;
    const both = batches.filter((batch) => batch.includes(0) && batch.includes(1)).length;
    const expected = 3000 * samplingRate ** 2;
    expect(Math.abs(both - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
  });

  test("[DP13] another rate would be found", () => {
    const samplingRate = sampling.samplingRate * 0.9;
    expect(looksPoisson(poissonEvidence(batches, { ...sampling, samplingRate }))).toBe(false);
  });
});

test("[DP13] shuffled batches that are accounted as Poisson would be found", () => {
  const draws = rngFromSeed("shuffle");
  const shuffled = shuffledBatches(1000, { batchSize: 50, batches: 400 }, draws);
  const evidence = poissonEvidence(shuffled, { populationSize: 1000, samplingRate: 0.05 });
  expect(evidence.sizes).toBeGreaterThan(0.999);
  expect(evidence.inclusions).toBeGreaterThan(0.999);
  expect(looksPoisson(evidence)).toBe(false);
});

test("[DP13] a tiny rate is kept, and empty samples come out as such", () => {
  const draws = rngFromSeed("tiny");
  const sampling = { populationSize: 100_000, samplingRate: 1e-5 };
  const sizes = Array.from({ length: 400 }, () => poissonSample(sampling, draws).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(Math.abs(total - 400)).toBeLessThan(4 * 20);
  // e^-1 of the samples are empty.
  const empty = sizes.filter((size) => size === 0).length;
  expect(Math.abs(empty / 400 - Math.exp(-1))).toBeLessThan(0.08);
});

test("indices ascend, are distinct and in range, whatever rate and size", () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.string(),
      (populationSize, samplingRate, seed) => {
        const sample = poissonSample({ populationSize, samplingRate }, rngFromSeed(seed));
        sample.forEach((index, at) => {
          expect(index).toBeLessThan(populationSize);
          if (at > 0) expect(index).toBeGreaterThan(sample[at - 1]!);
        });
      },
    ),
  );
});

test("rates 0 and 1 draw nobody and everybody; others are refused", () => {
  const rng = rngFromSeed(1);
  expect(poissonSample({ populationSize: 40, samplingRate: 0 }, rng).length).toBe(0);
  expect(poissonSample({ populationSize: 40, samplingRate: 1 }, rng).length).toBe(40);
  for (const samplingRate of [-0.1, 1.1, Number.NaN]) {
    expect(() => poissonSample({ populationSize: 40, samplingRate }, rng)).toThrow(RangeError);
  }
  expect(() => poissonSample({ populationSize: -1, samplingRate: 0.5 }, rng)).toThrow(RangeError);
  expect(expectedBatchSize({ populationSize: 1000, samplingRate: 0.064 })).toBe(64);
});
