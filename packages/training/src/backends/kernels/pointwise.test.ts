import { describe, expect, test } from "vitest";
import { kernelBench, slowErf } from "../../test-support/kernel-bench.ts";
import { erf, gelu, geluGradient } from "./pointwise.ts";

const bench = await kernelBench();

/** -10 to 10 in steps finer than any feature of the functions. */
const grid = Float32Array.from({ length: 40_001 }, (_, index) => (index - 20_000) / 2000);
const normal = (x: number): number => 0.5 * (1 + slowErf(x / Math.SQRT2));
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

function evaluate(kernel: typeof erf, xs: ArrayLike<number>): Float32Array {
  bench.reset();
  const x = bench.tensor(xs, [xs.length]);
  const dy = bench.tensor(new Float32Array(xs.length).fill(1), [xs.length]);
  return bench.run(kernel, { x, dy })[0]!;
}

function largest(found: Float32Array, error: (value: number, x: number) => number): number {
  return found.reduce((most, value, index) => Math.max(most, error(value, grid[index]!)), 0);
}

describe("our pointwise kernels", () => {
  test("erf is right to 3 ulp, and never beyond 1", () => {
    const found = evaluate(erf, grid);
    const relative = (value: number, x: number) =>
      x === 0 ? Math.abs(value) : Math.abs(value / slowErf(x) - 1);
    expect(largest(found, relative)).toBeLessThan(3.3e-7);
    expect(largest(found, Math.abs)).toBe(1);
  });

  test("GELU and its derivative are right to float32's rounding of Phi", () => {
    const wrongValue = largest(
      evaluate(gelu, grid),
      (value, x) => Math.abs(value - x * normal(x)) / Math.max(1, Math.abs(x)),
    );
    const wrongSlope = largest(evaluate(geluGradient, grid), (value, x) =>
      Math.abs(value - (normal(x) + x * density(x))),
    );
    expect(wrongValue).toBeLessThan(3e-7);
    expect(wrongSlope).toBeLessThan(5e-7);
    // Far below zero nothing is left, of either sign.
    expect(evaluate(gelu, [-1e4, -1e30]).every((value) => value === 0)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 7, 64, 66])(
    "%s values are all written, and alike in any place",
    (count) => {
      for (const kernel of [erf, gelu, geluGradient]) {
        const found = evaluate(kernel, new Float32Array(count).fill(0.7));
        expect(new Set(found).size).toBe(1);
        expect(found[0]).toBeGreaterThan(0);
      }
    },
  );

  test("[TN9] NaN stays NaN in any lane; infinities go where they belong", () => {
    for (const kernel of [erf, gelu, geluGradient]) {
      for (let place = 0; place < 6; place++) {
        const values = new Float32Array(6).fill(0.5);
        values[place] = Number.NaN;
        const found = evaluate(kernel, values);
        expect([...found].map(Number.isNaN)).toEqual([...values].map(Number.isNaN));
      }
    }
    expect([...evaluate(erf, [Infinity, -Infinity])]).toEqual([1, -1]);
    expect([...evaluate(gelu, [Infinity, -Infinity])]).toEqual([Infinity, Number.NaN]);
  });
});
