import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  frobeniusNorm,
  identity,
  matrixFrom,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  subtract,
  type Matrix,
} from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";
import { svd } from "../linalg/svd.ts";
import { rngFromSeed, type Rng } from "../rng.ts";
import { truncatedSvd, type TruncatedSvd } from "./truncated-svd.ts";

function uniform(rows: number, cols: number, rng: Rng): Matrix {
  const values = Array.from({ length: rows * cols }, () => 2 * rng.uniform() - 1);
  return matrixFrom(values, [rows, cols]);
}

/** The matrix as a float32 weight, and in float64 what those values are. */
function weightOf({ rows, cols, data }: Matrix) {
  const values = Float32Array.from(data);
  return { weight: { values, out: rows, in: cols }, W: matrixFrom(values, [rows, cols]) };
}

function product({ U, S, Vt }: TruncatedSvd): Matrix {
  return multiply({ ...U, data: U.data.map((u, i) => u * S[i % U.cols]!) }, Vt);
}

function expectOrthonormal({ U, Vt }: TruncatedSvd): void {
  const rank = U.cols;
  for (const gram of [multiplyTransposedLeft(U, U), multiplyTransposedRight(Vt, Vt)])
    expect(frobeniusNorm(subtract(gram, identity(rank)))).toBeLessThan(1e-12 * rank);
}

const size = fc.integer({ min: 1, max: 60 });
const shaped = fc
  .tuple(size, size, fc.integer())
  .chain(([out, inputs, seed]) =>
    fc.tuple(
      fc.constant(uniform(out, inputs, rngFromSeed(seed))),
      fc.integer({ min: 1, max: Math.min(out, inputs) }),
    ),
  );

describe("truncated svd", () => {
  it("[NU8] leaves no more than the full one leaves, and finds its singular values", () => {
    fc.assert(
      fc.property(shaped, ([matrix, rank]) => {
        const { weight, W } = weightOf(matrix);
        const found = truncatedSvd(weight, rank, rngFromSeed(1));
        expectOrthonormal(found);
        const { S } = svd(W);
        const least = Math.hypot(...S.subarray(rank));
        const left = frobeniusNorm(subtract(W, product(found)));
        expect(left).toBeLessThanOrEqual(least * 1.001 + 1e-12 * (S[0] ?? 0));
        for (const [k, value] of found.S.entries())
          expect(Math.abs(value - S[k]!)).toBeLessThan(5e-3 * S[0]!);
      }),
      { numRuns: 40 },
    );
  });

  it("[NU8] gives the full one's vectors, signs included, where the spectrum falls", () => {
    const rng = rngFromSeed(3);
    const [left, right] = [qr(uniform(90, 40, rng)).Q, qr(uniform(70, 40, rng)).Q];
    const spectrum = left.data.map((value, i) => value * 0.8 ** (i % 40));
    const { weight, W } = weightOf(multiplyTransposedRight({ ...left, data: spectrum }, right));
    const found = truncatedSvd(weight, 6, rngFromSeed(4));
    const full = svd(W);
    for (let k = 0; k < 6; k++) {
      expect(found.S[k]! / full.S[k]!).toBeCloseTo(1, 9);
      for (let j = 0; j < 70; j++)
        expect(found.Vt.data[k * 70 + j]).toBeCloseTo(full.Vt.data[k * 70 + j]!, 6);
      for (let i = 0; i < 90; i++)
        expect(found.U.data[i * 6 + k]).toBeCloseTo(full.U.data[i * full.U.cols + k]!, 6);
    }
  });

  it("[NU8] completes the basis where the weight has no more directions", () => {
    const rng = rngFromSeed(5);
    const { weight, W } = weightOf(multiply(uniform(30, 2, rng), uniform(2, 50, rng)));
    const found = truncatedSvd(weight, 8, rngFromSeed(6));
    expectOrthonormal(found);
    expect(frobeniusNorm(subtract(W, product(found)))).toBeLessThan(1e-6 * frobeniusNorm(W));
    const none = truncatedSvd({ values: new Float32Array(12), out: 3, in: 4 }, 2, rngFromSeed(6));
    expectOrthonormal(none);
    expect([...none.S]).toEqual([0, 0]);
  });

  it("[NU8] refuses a rank above the weight's sides, values that are not finite, another size", () => {
    const take = (values: Float32Array, rank: number) => () =>
      truncatedSvd({ values, out: 3, in: 4 }, rank, rngFromSeed(1));
    expect(take(new Float32Array(12), 4)).toThrow(
      expect.objectContaining({ code: "config-conflict" }),
    );
    expect(take(new Float32Array(12).fill(NaN), 1)).toThrow(
      expect.objectContaining({ code: "not-finite" }),
    );
    expect(take(new Float32Array(11), 1)).toThrow(RangeError);
  });
});
