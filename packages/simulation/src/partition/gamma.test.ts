import { rngFromSeed } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { dirichletDraw } from "./dirichlet.ts";
import { logGammaDraw } from "./gamma.ts";

const draws = 40_000;

function moments(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

describe("gamma draws", () => {
  // Gamma(shape, 1) has mean and variance shape; kurtosis 3 + 6 / shape sets the error of the variance.
  it.each([0.2, 0.7, 1, 4.5])("[SI2] [SI3] shape %d: mean and variance are the shape", (shape) => {
    const rng = rngFromSeed(`gamma ${String(shape)}`);
    const { mean, variance } = moments(
      Array.from({ length: draws }, () => Math.exp(logGammaDraw(shape, rng))),
    );
    expect(Math.abs(mean - shape)).toBeLessThan(4.5 * Math.sqrt(shape / draws));
    const deviation = shape * Math.sqrt((2 + 6 / shape) / draws);
    expect(Math.abs(variance - shape)).toBeLessThan(4.5 * deviation);
  });

  // P(G < x) = x^a / Gamma(a + 1) for small x: with a = 0.01 half of all draws are below 1e-30.
  it("[SI2] tiny shapes keep their logarithm", () => {
    const rng = rngFromSeed("tiny");
    const logs = Array.from({ length: 20_000 }, () => logGammaDraw(0.01, rng));
    const below = logs.filter((log) => log < -30 * Math.LN10).length / logs.length;
    expect(below).toBeCloseTo(10 ** (-30 * 0.01) / 0.99433, 1);
    expect(logs.every(Number.isFinite)).toBe(true);
  });

  it.each([0, -1, NaN, Infinity])("refuses shape %d", (shape) => {
    expect(() => logGammaDraw(shape, rngFromSeed(1))).toThrow(RangeError);
  });
});

describe("Dirichlet draws", () => {
  it.each([
    [0.1, 4],
    [0.5, 6],
    [3, 3],
  ])("[SI2] [SI3] alpha %d over %d: mean, variance, sum", (alpha, size) => {
    const rng = rngFromSeed(`dirichlet ${String(alpha)}`);
    const all = Array.from({ length: draws / 4 }, () => dirichletDraw(alpha, size, rng));
    for (const shares of all) expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    const expected = ((1 / size) * (1 - 1 / size)) / (size * alpha + 1);
    for (let k = 0; k < size; k++) {
      const { mean, variance } = moments(all.map((shares) => shares[k]!));
      expect(Math.abs(mean - 1 / size)).toBeLessThan(4.5 * Math.sqrt(expected / all.length));
      expect(variance / expected).toBeGreaterThan(0.93);
      expect(variance / expected).toBeLessThan(1.07);
    }
  });

  it("[SI2] a tiny alpha gives nearly everything to one, never a NaN", () => {
    const rng = rngFromSeed("sharp");
    for (let i = 0; i < 200; i++) {
      const shares = dirichletDraw(1e-6, 5, rng);
      expect(Math.max(...shares)).toBeGreaterThan(0.999);
    }
  });
});
