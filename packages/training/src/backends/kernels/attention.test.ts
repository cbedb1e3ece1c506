import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { relativeDifference } from "../../test-support/golden.ts";
import {
  kernelBench,
  normals,
  rowsOf,
  slowProduct,
  slowTranspose,
} from "../../test-support/kernel-bench.ts";
import type { Slow } from "../../test-support/kernel-bench.ts";
import { attention, attentionGradient } from "./attention.ts";

const bench = await kernelBench();
const { tensor, run } = bench;

interface Sizes {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly width: number;
}

function softmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const exponentials = row.map((value) => Math.exp(value - top));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

const times = (matrix: Slow, other: Slow): Slow =>
  matrix.map((row, i) => row.map((value, j) => value * other[i]![j]!));

/** One head in float64: the mixed values, and what the chain rule gives for q, k, v. */
function slowHead([q, k, v, dO]: readonly Slow[], mask: readonly number[]): readonly Slow[] {
  const factor = 1 / Math.sqrt(q![0]!.length);
  const scores = slowProduct(q!, slowTranspose(k!));
  const P = scores.map((row) => softmax(row.map((value, j) => value * factor + mask[j]!)));
  const dP = slowProduct(dO!, slowTranspose(v!));
  const sums = times(dP, P).map((row) => row.reduce((total, value) => total + value, 0));
  const dS = P.map((row, i) => row.map((p, j) => factor * p * (dP[i]![j]! - sums[i]!)));
  return [
    slowProduct(P, v!),
    slowProduct(dS, k!),
    slowProduct(slowTranspose(dS), q!),
    slowProduct(slowTranspose(P), dO!),
  ];
}

/** o, dq, dk, dv of all heads, by slow heads cut out and put back. */
function slowAttention(
  inputs: readonly Float32Array[],
  mask: Float32Array,
  { batch, length, heads, width }: Sizes,
): readonly Float32Array[] {
  const hidden = heads * width;
  const outputs = [0, 1, 2, 3].map(() => new Float32Array(batch * length * hidden));
  for (let example = 0; example < batch; example++)
    for (let head = 0; head < heads; head++) {
      const at = (row: number) => (example * length + row) * hidden + head * width;
      const cut = (values: Float32Array): Slow =>
        Array.from({ length }, (_, row) => [...values.subarray(at(row), at(row) + width)]);
      const own = [...mask.subarray(example * length, (example + 1) * length)];
      slowHead(inputs.map(cut), own).forEach((matrix, which) => {
        matrix.forEach((row, i) => outputs[which]!.set(row, at(i)));
      });
    }
  return outputs;
}

function runBoth(inputs: readonly Float32Array[], mask: Float32Array, sizes: Sizes) {
  bench.reset();
  const { batch, length, heads, width } = sizes;
  const shape = [batch * length, heads * width];
  const [q, k, v, dy] = inputs.map((values) => tensor(values, shape));
  const given = { q: q!, k: k!, v: v!, mask: tensor(mask, [batch, 1, 1, length]) };
  const [o, kept] = run(attention, given, { heads });
  const saved = { o: tensor(o!, shape), kept: tensor(kept!, [batch, heads, length, 2]) };
  return [o!, ...run(attentionGradient, { ...given, ...saved, dy: dy! }, { heads })];
}

describe("our attention", () => {
  test("and its gradients equal the formulas in float64 for any sizes and padding", () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 21 }),
      heads: fc.integer({ min: 1, max: 3 }),
      width: fc.integer({ min: 1, max: 19 }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(), (given, seed) => {
        const rng = rngFromSeed(seed);
        const { batch, length, heads, width } = given;
        const inputs = [0, 1, 2, 3].map(() => normals(rng, batch * length * heads * width));
        const tokens = Array.from({ length: batch }, () => 1 + Math.floor(rng.uniform() * length));
        const mask = Float32Array.from({ length: batch * length }, (_, index) =>
          index % length < tokens[Math.floor(index / length)]! ? 0 : -1e9,
        );
        const found = runBoth(inputs, mask, given);
        const wanted = slowAttention(inputs, mask, given);
        const largest = Math.max(...wanted.map((values) => Math.max(...values.map(Math.abs))));
        wanted.forEach((values, which) => {
          const distance = values.reduce(
            (most, value, index) => Math.max(most, Math.abs(value - found[which]![index]!)),
            0,
          );
          expect(distance / largest).toBeLessThan(2e-6);
        });
      }),
    );
  });

  test("is uniform where every key is masked alike", () => {
    const sizes = { batch: 1, length: 5, heads: 1, width: 2 };
    const values = normals(rngFromSeed(4), 10);
    const inputs = [values, values, values, values];
    const found = runBoth(inputs, new Float32Array(5).fill(-1e9), sizes);
    const wanted = slowAttention(inputs, new Float32Array(5).fill(-1e30), sizes);
    // A mask so large rounds every score to itself.
    expect(relativeDifference(found[0]!, wanted[0]!)).toBeLessThan(1e-6);
  });

  test("gives padding exactly no weight", () => {
    const sizes = { batch: 1, length: 6, heads: 1, width: 3 };
    const inputs = [0, 1, 2, 3].map((seed) => normals(rngFromSeed(seed), 18));
    const mask = Float32Array.from([0, 0, 0, 0, -1e9, -1e9]);
    const [o] = runBoth(inputs, mask, sizes);
    const other = inputs.map((values) => values.slice());
    other[2]!.fill(1e30, 12);
    expect(runBoth(other, mask, sizes)[0]).toEqual(o);
  });

  test("[TN9] lets NaN through: a query's in its row, a key's everywhere", () => {
    const sizes = { batch: 1, length: 5, heads: 1, width: 3 };
    const isLost = (values: Float32Array) =>
      rowsOf(values, 3).map((row) => row.every(Number.isNaN));
    for (const place of [3, 5]) {
      const inputs = [0, 1, 2, 3].map((seed) => normals(rngFromSeed(seed), 15));
      inputs[0]![place] = Number.NaN;
      const [o, dq, dk] = runBoth(inputs, new Float32Array(5), sizes);
      expect(isLost(o!)).toEqual([false, true, false, false, false]);
      expect(isLost(dq!)).toEqual([false, true, false, false, false]);
      expect(isLost(dk!)).toEqual([true, true, true, true, true]);
    }
    const inputs = [0, 1, 2, 3].map((seed) => normals(rngFromSeed(seed), 15));
    inputs[1]![14] = Number.NaN;
    expect(isLost(runBoth(inputs, new Float32Array(5), sizes)[0]!)).toEqual(
      new Array<boolean>(5).fill(true),
    );
  });
});
