import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  kernelBench,
  normals,
  rowsOf,
  slowProduct,
  slowTranspose,
} from "../../test-support/kernel-bench.ts";
import type { Slow } from "../../test-support/kernel-bench.ts";
import { batchMatMul, fusedMatMul } from "./mat-mul.ts";
import { sumOfProducts } from "./sum-of-products.ts";

const bench = await kernelBench();
const { engine, tensor, run } = bench;

/** Around the sizes of tiles (4, 8), of narrow products (16) and of vectors. */
const extent = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 32, 33, 95, 97, 101));
/** Around the most depth of a block (384), of one and of two. */
const depth = fc.oneof(extent, fc.constantFrom(300, 383, 384, 385, 513, 769));
/** Each run ends in three slow loops. */
const few = { numRuns: 50 };
const matrices = fc.record({
  rows: extent,
  columns: extent,
  depth,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  seed: fc.nat(),
});

const turned = (matrix: Slow, turn: boolean): Slow => (turn ? slowTranspose(matrix) : matrix);
const absolute = (matrix: Slow): Slow => matrix.map((row) => row.map(Math.abs));

const matrixOf = (matrix: Slow) =>
  tensor(Float32Array.from(matrix.flat()), [matrix.length, matrix[0]!.length]);

/** Every value within `tolerance` of what the magnitudes that were added up allow. */
function expectProduct(found: Float32Array, wanted: Slow, magnitudes: Slow): void {
  const scales = magnitudes.flat();
  const values = wanted.flat();
  expect(found.length).toBe(values.length);
  const worst = values.reduce(
    (most, value, index) =>
      Math.max(most, Math.abs(found[index]! - value) / (scales[index]! + 1e-30)),
    0,
  );
  expect(worst).toBeLessThan(1e-6);
}

/** Operands of one product as drawn, and its slow result and magnitudes. */
function drawn(given: {
  rows: number;
  columns: number;
  depth: number;
  transposeA: boolean;
  transposeB: boolean;
  seed: number;
}) {
  const rng = rngFromSeed(given.seed);
  const aShape = given.transposeA ? [given.depth, given.rows] : [given.rows, given.depth];
  const bShape = given.transposeB ? [given.columns, given.depth] : [given.depth, given.columns];
  const a = normals(rng, given.rows * given.depth);
  const b = normals(rng, given.depth * given.columns);
  const slowA = turned(rowsOf(a, aShape[1]!), given.transposeA);
  const slowB = turned(rowsOf(b, bShape[1]!), given.transposeB);
  return {
    ...{ a, b, aShape, bShape },
    slow: slowProduct(slowA, slowB),
    magnitudes: slowProduct(absolute(slowA), absolute(slowB)),
  };
}

describe("our matrix products", () => {
  test("equal three loops for any sizes and transpositions", () => {
    fc.assert(
      fc.property(matrices, (given) => {
        bench.reset();
        const { a, b, aShape, bShape, slow, magnitudes } = drawn(given);
        const inputs = { a: tensor(a, aShape), b: tensor(b, bShape) };
        const [found] = run(batchMatMul, inputs, given);
        expectProduct(found!, slow, magnitudes);
      }),
      few,
    );
  });

  test("add a bias row", () => {
    fc.assert(
      fc.property(matrices, (given) => {
        bench.reset();
        const { a, b, aShape, bShape, slow, magnitudes } = drawn(given);
        const row = normals(rngFromSeed(given.seed + 1), given.columns);
        const bias = tensor(row, [given.columns]);
        const inputs = { a: tensor(a, aShape), b: tensor(b, bShape), bias };
        const [found] = run(fusedMatMul, inputs, { ...given, activation: "linear" });
        const add = (matrix: Slow, more: (value: number) => number) =>
          matrix.map((values) => values.map((value, column) => value + more(row[column]!)));
        expectProduct(
          found!,
          add(slow, (value) => value),
          add(magnitudes, Math.abs),
        );
      }),
      few,
    );
  });

  test("add up in one result", () => {
    const factors = fc.tuple(fc.constantFrom(1, 0.5, -2), fc.constantFrom(1, 0.25));
    fc.assert(
      fc.property(matrices, depth, factors, (given, otherDepth, factor) => {
        bench.reset();
        const [first, second] = [
          drawn(given),
          drawn({ ...given, depth: otherDepth, seed: given.seed + 1 }),
        ];
        const { transposeA, transposeB } = given;
        const inputs = {
          ...{ a0: tensor(first.a, first.aShape), b0: tensor(first.b, first.bShape) },
          ...{ a1: tensor(second.a, second.aShape), b1: tensor(second.b, second.bShape) },
        };
        const [found] = run(sumOfProducts, inputs, {
          factors: factor,
          transposeA: [transposeA, transposeA],
          transposeB: [transposeB, transposeB],
        });
        const add = (x: Slow, y: Slow, [f, g]: readonly [number, number]) =>
          x.map((row, i) => row.map((value, j) => f * value + g * y[i]![j]!));
        const sizes = [Math.abs(factor[0]), Math.abs(factor[1])] as const;
        expectProduct(
          found!,
          add(first.slow, second.slow, factor),
          add(first.magnitudes, second.magnitudes, sizes),
        );
      }),
      few,
    );
  });

  test("[TN18] give the bits of their parts, whatever is packed for how many rows and columns", () => {
    // Around the rows that are packed at once (320, or blocks of 96), a group of columns (32) and narrow products (16).
    const tall = fc.record({
      rows: fc.constantFrom(319, 321, 389),
      columns: fc.constantFrom(24, 33, 41, 70),
      depth: fc.constantFrom(13, 385),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      cut: fc.record({ row: fc.integer({ min: 1, max: 318 }), column: fc.nat({ max: 16 }) }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(tall, ({ rows, columns, depth: inner, cut, seed, ...turn }) => {
        bench.reset();
        const rng = rngFromSeed(seed);
        const a = rowsOf(normals(rng, rows * inner), inner);
        const b = rowsOf(normals(rng, inner * columns), columns);
        const product = (from: readonly [number, number], to: readonly [number, number]) => {
          const left = turned(a.slice(from[0], to[0]), turn.transposeA);
          const right = turned(
            b.map((row) => row.slice(from[1], to[1])),
            turn.transposeB,
          );
          const inputs = { a: matrixOf(left), b: matrixOf(right) };
          return rowsOf(run(batchMatMul, inputs, turn)[0]!, to[1] - from[1]);
        };
        const whole = product([0, 0], [rows, columns]);
        const part = product([cut.row, cut.column], [rows, cut.column + 8]);
        expect(part).toEqual(
          whole.slice(cut.row).map((row) => row.slice(cut.column, cut.column + 8)),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("broadcast leading axes as TensorFlow.js allows", () => {
    const axis = fc.record({
      extent: fc.integer({ min: 1, max: 3 }),
      a: fc.boolean(),
      b: fc.boolean(),
    });
    const batch = fc.array(axis, { minLength: 1, maxLength: 3 });
    const form = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });
    const small = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      depth: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        batch,
        small,
        fc.nat({ max: 2 }),
        form,
        fc.nat(),
        (axes, size, cut, turn, seed) => {
          bench.reset();
          const rng = rngFromSeed(seed);
          const { rows, columns, depth: inner } = size;
          // An operand may repeat along an axis, and may lack the first axes.
          const aAxes = axes.map(({ extent: own, a }) => (a ? own : 1)).slice(cut);
          const bAxes = axes.map(({ extent: own, a, b }) => (b || !a ? own : 1));
          const count = (shape: readonly number[]) => shape.reduce((x, y) => x * y, 1);
          const aShape = turn.transposeA ? [inner, rows] : [rows, inner];
          const bShape = turn.transposeB ? [columns, inner] : [inner, columns];
          const a = normals(rng, count(aAxes) * rows * inner);
          const b = normals(rng, count(bAxes) * inner * columns);
          const inputs = {
            a: tensor(a, [...aAxes, ...aShape]),
            b: tensor(b, [...bAxes, ...bShape]),
          };
          const [found] = run(batchMatMul, inputs, turn);
          const full = axes.map((_, i) => Math.max(bAxes[i]!, aAxes[i - cut] ?? 1));
          const part = (
            values: Float32Array,
            own: readonly number[],
            place: readonly number[],
            length: number,
          ) => {
            const at = own.reduce(
              (sum, e, i) => sum * e + (e === 1 ? 0 : place[i + place.length - own.length]!),
              0,
            );
            return values.subarray(at * length, (at + 1) * length);
          };
          const wanted = Array.from({ length: count(full) }, (_, index) => {
            const place = full.map((e, i) => Math.floor(index / count(full.slice(i + 1))) % e);
            const x = turned(
              rowsOf(part(a, aAxes, place, rows * inner), aShape[1]!),
              turn.transposeA,
            );
            const y = turned(
              rowsOf(part(b, bAxes, place, inner * columns), bShape[1]!),
              turn.transposeB,
            );
            return [slowProduct(x, y), slowProduct(absolute(x), absolute(y))] as const;
          });
          expectProduct(
            found!,
            wanted.flatMap(([slow]) => slow),
            wanted.flatMap(([, scale]) => scale),
          );
        },
      ),
    );
  });

  test("of nothing are zero", () => {
    expect(run(batchMatMul, { a: tensor([], [2, 0]), b: tensor([], [0, 3]) })).toEqual([
      new Float32Array(6),
    ]);
    expect(run(batchMatMul, { a: tensor([], [0, 2]), b: tensor([1, 2], [2, 1]) })[0]).toHaveLength(
      0,
    );
  });

  test("[TN9] let NaN and infinity through, and only where they belong", () => {
    const a = new Float32Array(5 * 7).fill(1);
    const b = new Float32Array(7 * 19);
    [a[7 + 3], a[14 + 6]] = [Number.NaN, Infinity];
    const [found] = run(batchMatMul, { a: tensor(a, [5, 7]), b: tensor(b, [7, 19]) });
    const rows = rowsOf(found!, 19);
    expect(rows.map((row) => row.every(Number.isNaN))).toEqual([false, true, true, false, false]);
    expect([...rows[0]!, ...rows[3]!].every((value) => value === 0)).toBe(true);
  });

  test("leave what they cannot do to the stock kernel", () => {
    const ask = (
      kernel: typeof batchMatMul,
      inputs: Parameters<typeof batchMatMul>[0]["inputs"],
      attributes = {},
    ) => kernel({ engine, inputs, attributes });
    const [a, b] = [tensor([1, 2], [1, 2]), tensor([1, 2], [2, 1])];
    expect(ask(batchMatMul, { a, b: { ...b, dtype: "int32" } })).toBeNull();
    expect(ask(batchMatMul, { a, b: a })).toBeNull();
    expect(ask(fusedMatMul, { a, b }, { activation: "relu" })).toBeNull();
    expect(ask(fusedMatMul, { a: b, b: a, bias: a }, { activation: "linear" })).not.toBeNull();
    expect(ask(fusedMatMul, { a: b, b: a, bias: b }, { activation: "linear" })).toBeNull();
  });
});
