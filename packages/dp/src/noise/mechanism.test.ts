/** The two ways from examples to a released sum, as a trainer walks them, and what their noise is worth. */
import { rngFromSeed } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { flatClip } from "../clip/flat.ts";
import { integerClip } from "../clip/integer.ts";
import {
  kolmogorovSmirnov,
  moments,
  normalCdf,
  varianceError,
} from "../test-support/statistics.ts";
import { discreteGaussianNoise } from "./discrete-gaussian.ts";
import { addNoise, gaussianNoise, releaseGrid } from "./gaussian.ts";
import { integerGrid, leaveGrid } from "./integer-grid.ts";
import type { Keystream } from "./keystream.ts";
import { seededKeystream } from "./keystream.ts";

const LENGTH = 40_000;
const clipNorm = 0.7;
const rng = rngFromSeed("examples");
const examples = Array.from({ length: 3 }, (_, index) =>
  Float32Array.from({ length: LENGTH }, () => (index * rng.normal()) / 100),
);

/** The clipped sum without noise, slowly. */
const factors = examples.map((example) => {
  const norm = Math.sqrt(example.reduce((sum, value) => sum + value * value, 0));
  return norm > clipNorm ? clipNorm / norm : 1;
});
const clippedSum = Float64Array.from({ length: LENGTH }, (_, at) =>
  examples.reduce((sum, example, index) => sum + factors[index]! * example[at]!, 0),
);

function standard(noiseMultiplier: number, keystream: Keystream): Float64Array {
  const standardDeviation = noiseMultiplier * clipNorm;
  const noise = gaussianNoise(keystream, { length: LENGTH, standardDeviation });
  const sum = new Float64Array(LENGTH);
  const clipper = flatClip({ clipNorm });
  for (const example of examples) clipper.addTo(sum, example);
  return addNoise(sum, noise, { grid: releaseGrid(clipNorm) });
}

function hardened(noiseMultiplier: number, keystream: Keystream): Float64Array {
  const grid = integerGrid({ clipNorm, noiseMultiplier, length: LENGTH });
  const noise = discreteGaussianNoise(keystream, { length: LENGTH, ...grid });
  const sum = new Float64Array(LENGTH);
  const clipper = integerClip(grid);
  for (const example of examples) clipper.addTo(sum, example);
  return leaveGrid(addNoise(sum, noise, { grid: 1 }), grid);
}

describe.each([
  ["standard", standard],
  ["hardened", hardened],
] as const)("%s", (_name, release) => {
  test.each([0.5, 3])(
    "[DP10] at noise multiplier %d the released sum is the clipped one plus that noise",
    (z) => {
      const keystream = seededKeystream(rngFromSeed("release"));
      const noise = release(z, keystream).map((value, at) => value - clippedSum[at]!);
      const deviation = z * clipNorm;
      expect(Math.abs(moments(noise).mean)).toBeLessThan((3 * deviation) / Math.sqrt(LENGTH));
      expect(Math.abs(varianceError(noise, deviation ** 2))).toBeLessThan(3);
      expect(kolmogorovSmirnov(noise, (x) => normalCdf(x / deviation))).toBeGreaterThan(0.01);
    },
  );

  test("[DP10] the same examples again get other noise", () => {
    const keystream = seededKeystream(rngFromSeed("again"));
    const [first, second] = [release(0.5, keystream), release(0.5, keystream)];
    const equal = first.filter((value, at) => value === second[at]).length;
    expect(equal).toBeLessThan(LENGTH / 100);
  });
});

describe("noise on integers protects as noise on reals does", () => {
  /** The integers that matter, and their probabilities. */
  const lattice = (s: number) => {
    const support = Array.from({ length: 64 * s + 1 }, (_, index) => index - 32 * s);
    const weight = (x: number) => Math.exp((-x * x) / (2 * s * s));
    const total = support.reduce((sum, x) => sum + weight(x), 0);
    return { support, mass: (x: number) => weight(x) / total };
  };

  test.each([
    [6, 2],
    [12, 3],
    [17, 5],
  ])("shift %d, order %d: Renyi divergence, plain and after Poisson sampling", (shift, order) => {
    const s = 12;
    const { support, mass } = lattice(s);
    for (const q of [1, 0.3, 0.01]) {
      const moment = support.reduce((sum, x) => {
        const ratio = Math.exp((2 * x * shift - shift * shift) / (2 * s * s));
        return sum + mass(x) * (1 - q + q * ratio) ** order;
      }, 0);
      let expected = 0;
      let binomial = 1;
      for (let k = 0; k <= order; k++) {
        const gaussian = Math.exp(((k * k - k) * shift * shift) / (2 * s * s));
        expected += binomial * (1 - q) ** (order - k) * q ** k * gaussian;
        binomial *= (order - k) / (k + 1);
      }
      expect(moment / expected).toBeCloseTo(1, 10);
    }
  });

  test.each([12, 96])("deviation %d: delta differs from the continuous one's by 3 / s^2", (s) => {
    const { support, mass } = lattice(s);
    for (const mu of [0.5, 1, 1.25]) {
      for (const epsilon of [0.1, 0.5, 1, 2]) {
        const delta = support.reduce(
          (sum, x) => sum + Math.max(0, mass(x - mu * s) - Math.exp(epsilon) * mass(x)),
          0,
        );
        // Balle and Wang, arXiv 1805.06530, theorem 5.
        const continuous =
          normalCdf(mu / 2 - epsilon / mu) - Math.exp(epsilon) * normalCdf(-mu / 2 - epsilon / mu);
        expect(Math.abs(delta / continuous - 1)).toBeLessThan(3 / s ** 2);
      }
    }
  });
});
