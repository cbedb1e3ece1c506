import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
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
  readonly keyValueHeads: number;
  /** Heads of queries to a head of keys. */
  readonly group: number;
  readonly width: number;
  readonly causal: boolean;
}

/** One head of everything. */
const single = { batch: 1, keyValueHeads: 1, group: 1, causal: false } as const;

function softmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const exponentials = row.map((value) => Math.exp(value - top));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

const times = (matrix: Slow, other: Slow): Slow =>
  matrix.map((row, i) => row.map((value, j) => value * other[i]![j]!));

/** One head in float64: the mixed values, and what the chain rule gives for q, k, v; `added` to the scores. */
function slowHead([q, k, v, dO]: readonly Slow[], added: Slow): readonly Slow[] {
  const factor = 1 / Math.sqrt(q![0]!.length);
  const scores = slowProduct(q!, slowTranspose(k!));
  const P = scores.map((row, i) => softmax(row.map((value, j) => value * factor + added[i]![j]!)));
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

/** o, dq, dk, dv of all heads, by slow heads cut out and added where they belong. */
function slowAttention(
  inputs: readonly Float32Array[],
  mask: Float32Array | null,
  sizes: Sizes,
): readonly Float64Array[] {
  const { batch, length, keyValueHeads, group, width, causal } = sizes;
  const heads = keyValueHeads * group;
  const counts = [heads, keyValueHeads, keyValueHeads, heads];
  const outputs = [heads, heads, keyValueHeads, keyValueHeads].map(
    (count) => new Float64Array(batch * length * count * width),
  );
  for (let example = 0; example < batch; example++)
    for (let head = 0; head < heads; head++) {
      const at = (row: number, count: number) =>
        ((example * length + row) * count + (count === heads ? head : Math.floor(head / group))) *
        width;
      const cut = (values: Float32Array, which: number): Slow =>
        Array.from({ length }, (_, row) => {
          const start = at(row, counts[which]!);
          return [...values.subarray(start, start + width)];
        });
      const added = Array.from({ length }, (_, i) =>
        Array.from({ length }, (_unused, j) =>
          causal && j > i ? -Infinity : (mask?.[example * length + j] ?? 0),
        ),
      );
      slowHead(inputs.map(cut), added).forEach((matrix, which) => {
        const output = outputs[which]!;
        matrix.forEach((row, i) => {
          const start = at(i, which < 2 ? heads : keyValueHeads);
          row.forEach((value, column) => (output[start + column]! += value));
        });
      });
    }
  return outputs;
}

/** q, k, v and dy. */
function drawn(seed: number, { batch, length, keyValueHeads, group, width }: Sizes) {
  const rng = rngFromSeed(seed);
  const rows = batch * length * keyValueHeads * width;
  return [rows * group, rows, rows, rows * group].map((count) => normals(rng, count));
}

function runBoth(inputs: readonly Float32Array[], mask: Float32Array | null, sizes: Sizes) {
  bench.reset();
  const { batch, length, keyValueHeads, group, width, causal } = sizes;
  const heads = keyValueHeads * group;
  const attributes = { batch, heads, keyValueHeads, causal };
  const shape = [batch * length, heads * width];
  const keyShape = [batch * length, keyValueHeads * width];
  const [q, k, v, dy] = inputs.map((values, index) =>
    tensor(values, index === 1 || index === 2 ? keyShape : shape),
  );
  const added = mask === null ? {} : { mask: tensor(mask, [batch, 1, 1, length]) };
  const given = { q: q!, k: k!, v: v!, ...added };
  const [o, kept] = run(attention, given, attributes);
  const saved = { o: tensor(o!, shape), kept: tensor(kept!, [batch, heads, length, 2]) };
  return [o!, ...run(attentionGradient, { ...given, ...saved, dy: dy! }, attributes)];
}

/** 0 for the first tokens of every example, at least one, and -1e9 for the rest. */
function padding(seed: number, { batch, length }: Sizes): Float32Array {
  const rng = rngFromSeed(seed);
  const tokens = Array.from({ length: batch }, () => 1 + Math.floor(rng.uniform() * length));
  return Float32Array.from({ length: batch * length }, (_, index) =>
    index % length < tokens[Math.floor(index / length)]! ? 0 : -1e9,
  );
}

function expectTheFormulas(seed: number, mask: Float32Array | null, sizes: Sizes): void {
  const inputs = drawn(seed, sizes);
  const found = runBoth(inputs, mask, sizes);
  const wanted = slowAttention(inputs, mask, sizes);
  const largest = Math.max(
    ...wanted.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)),
  );
  wanted.forEach((values, which) => {
    const distance = values.reduce((most, value, index) => {
      const own = Math.abs(value - found[which]![index]!);
      return own <= most ? most : own;
    }, 0);
    expect(distance / largest).toBeLessThan(2e-6);
  });
}

/** Sizes up to these; the widths are those of real heads, or any. */
function anySizes(length: number, width: fc.Arbitrary<number>): fc.Arbitrary<Sizes> {
  return fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: length }),
    keyValueHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.constantFrom(1, 2, 4),
    width,
    causal: fc.boolean(),
  });
}
/** Whether the values at the same place of `wanted` are these, bit for bit. */
const isSame = (wanted: readonly Float32Array[]) => (values: Float32Array, which: number) =>
  Buffer.compare(new Uint8Array(values.buffer), new Uint8Array(wanted[which]!.buffer)) === 0;
const all = [true, true, true, true];

const realWidth = fc.constantFrom(8, 16, 32, 64, 128);

describe("our attention", () => {
  beforeAll(() => {
    // Scratch memory of the largest sizes, once.
    const sizes = { ...single, length: 420, width: 128 };
    runBoth(drawn(0, sizes), null, sizes);
  });

  test("and its gradients equal the formulas in float64 for any sizes, groups and padding, causal or not", () => {
    const sizes = anySizes(21, fc.integer({ min: 1, max: 19 }));
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.nat(), (given, isPadded, seed) => {
        expectTheFormulas(seed, isPadded ? padding(seed, given) : null, given);
      }),
    );
  });

  test("and its gradients equal the formulas for the widths of real heads", () => {
    fc.assert(
      fc.property(anySizes(50, realWidth), fc.nat(), (given, seed) => {
        expectTheFormulas(seed, null, given);
      }),
      { numRuns: 12 },
    );
  });

  test.each([
    [321, 20],
    [402, 20],
    [402, 8],
  ])(
    "equals the formulas for %i tokens, which are several blocks, of width %i",
    (length, width) => {
      expectTheFormulas(1, null, { ...single, causal: true, length, width });
    },
  );

  test("[TN18] gives the same bits however its work is cut for threads", () => {
    fc.assert(
      fc.property(anySizes(70, realWidth), fc.nat(), (given, seed) => {
        const inputs = drawn(seed, given);
        const found = [1, 2, 3].map((threads) => {
          bench.engine.useThreads(threads);
          return runBoth(inputs, null, given);
        });
        bench.engine.useThreads(1);
        for (const other of found.slice(1)) expect(other.map(isSame(found[0]!))).toEqual(all);
      }),
      { numRuns: 12 },
    );
  });

  test("causal, equals its rows one by one, each over what came before", () => {
    const sizes = { ...single, group: 2, length: 9, width: 8, causal: true };
    const inputs = drawn(5, sizes);
    const [o] = runBoth(inputs, null, sizes);
    const widths = [16, 8, 8, 16];
    for (let row = 1; row < sizes.length; row++) {
      const part = { ...sizes, length: row + 1, causal: false };
      const first = inputs.map((values, which) => values.slice(0, (row + 1) * widths[which]!));
      const [alone] = runBoth(first, null, part);
      const difference = relativeDifference(
        o!.subarray(16 * row, 16 * (row + 1)),
        alone!.subarray(16 * row),
      );
      expect(difference).toBeLessThan(1e-6);
    }
  });

  test("causal, does not read what comes later", () => {
    const sizes = { ...single, length: 8, width: 8, causal: true };
    const inputs = drawn(6, sizes);
    const found = runBoth(inputs, null, sizes);
    const other = inputs.map((values) => values.slice());
    // Later keys, values, and what they are asked.
    for (const values of other) values.fill(Number.NaN, 32);
    const again = runBoth(other, null, sizes);
    for (const which of [0, 1])
      expect(again[which]!.subarray(0, 32)).toEqual(found[which]!.subarray(0, 32));
  });

  test("is uniform where every key is masked alike", () => {
    const sizes = { ...single, length: 5, width: 2 };
    const values = normals(rngFromSeed(4), 10);
    const inputs = [values, values, values, values];
    const found = runBoth(inputs, new Float32Array(5).fill(-1e9), sizes);
    const wanted = slowAttention(inputs, new Float32Array(5).fill(-1e30), sizes);
    // A mask so large rounds every score to itself.
    expect(relativeDifference(found[0]!, wanted[0]!)).toBeLessThan(1e-6);
  });

  test("gives padding exactly no weight", () => {
    const sizes = { ...single, length: 6, width: 3 };
    const inputs = [0, 1, 2, 3].map((seed) => normals(rngFromSeed(seed), 18));
    const mask = Float32Array.from([0, 0, 0, 0, -1e9, -1e9]);
    const [o] = runBoth(inputs, mask, sizes);
    const other = inputs.map((values) => values.slice());
    other[2]!.fill(1e30, 12);
    expect(runBoth(other, mask, sizes)[0]).toEqual(o);
  });

  test("[TN9] lets NaN through: a query's in its row, a key's everywhere", () => {
    const sizes = { ...single, length: 5, width: 3 };
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

  test("[TN9] causal, lets NaN through to all rows that see it", () => {
    const sizes = { ...single, group: 2, length: 11, width: 8, causal: true };
    for (const which of [1, 2]) {
      const inputs = drawn(7, sizes);
      inputs[which]![6 * 8] = Number.NaN;
      const [o] = runBoth(inputs, null, sizes);
      const lost = rowsOf(o!, 16).map((row) => row.some(Number.isNaN));
      expect(lost.slice(6)).toEqual(new Array<boolean>(5).fill(true));
      expect(lost.slice(0, 4)).toEqual(new Array<boolean>(4).fill(false));
    }
  });
});
