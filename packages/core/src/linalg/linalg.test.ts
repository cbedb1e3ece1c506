import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columns,
  concatColumns,
  concatRows,
  frobeniusNorm,
  identity,
  innerProduct,
  matrixFrom,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  productInner,
  productNorm,
  subtract,
  toFloat32,
  transpose,
  zeros,
  type Matrix,
} from "./matrix.ts";
import { qr, triangularFactor } from "./qr.ts";
import { svd } from "./svd.ts";

interface GoldenMatrix {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly a: readonly number[];
  readonly rank: number;
  readonly frobenius: number;
  readonly svd: { readonly u: number[]; readonly s: number[]; readonly vt: number[] };
  readonly qr?: { readonly q: number[]; readonly r: number[] };
}
interface GoldenProduct {
  readonly rows: number;
  readonly columns: number;
  readonly ranks: readonly number[];
  readonly weights: readonly number[];
  readonly b: readonly number[][];
  readonly a: readonly number[][];
  readonly frobenius: number;
  readonly s: readonly number[];
  readonly dense: readonly number[];
}
/** Made by numpy; see the file's provenance. */
const golden = JSON.parse(
  readFileSync(new URL("../../golden/linalg.json", import.meta.url), "utf8"),
) as { matrices: GoldenMatrix[]; products: GoldenProduct[] };

const entry = fc.oneof(
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.constantFrom(0, 0, 1, -1, 1e-9),
);
const sized = (rows: number, cols: number): fc.Arbitrary<Matrix> =>
  fc
    .array(entry, { minLength: rows * cols, maxLength: rows * cols })
    .map((data) => matrixFrom(data, [rows, cols]));
const size = fc.integer({ min: 1, max: 9 });
/** Any shape, often of deficient rank. */
const anyMatrix = fc.tuple(size, size, size).chain(([m, r, n]) =>
  fc.oneof(
    sized(m, n),
    fc.tuple(sized(m, r), sized(r, n)).map(([B, A]) => multiply(B, A)),
  ),
);

/** The obvious product. */
function slowMultiply(A: Matrix, B: Matrix): Matrix {
  const C = zeros(A.rows, B.cols);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < B.cols; j++) {
      for (let k = 0; k < A.cols; k++) {
        C.data[i * B.cols + j]! += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
      }
    }
  }
  return C;
}

function expectNear(A: Matrix, B: Matrix, tolerance = 1e-12): void {
  expect([A.rows, A.cols]).toEqual([B.rows, B.cols]);
  expect(frobeniusNorm(subtract(A, B))).toBeLessThanOrEqual(tolerance * (1 + frobeniusNorm(B)));
}

function scaleColumns(U: Matrix, S: Float64Array): Matrix {
  return { ...U, data: U.data.map((value, index) => value * S[index % U.cols]!) };
}

describe("matrix", () => {
  const triple = fc
    .tuple(size, size, size)
    .chain(([m, k, n]) => fc.tuple(sized(m, k), sized(k, n)));

  it("[NU9] products agree with the obvious loop, in all three orders", () => {
    fc.assert(
      fc.property(triple, ([A, B]) => {
        const slow = slowMultiply(A, B);
        expectNear(multiply(A, B), slow);
        expectNear(multiplyTransposedLeft(transpose(A), B), slow);
        expectNear(multiplyTransposedRight(A, transpose(B)), slow);
        expectNear(multiply(A, identity(A.cols)), A, 0);
      }),
    );
  });

  it("[NU9] parts side by side and on top of each other come apart again", () => {
    fc.assert(
      fc.property(triple, ([A]) => {
        const wide = concatColumns([A, A]);
        expect(columns(wide, A.cols, 2 * A.cols)).toEqual(A);
        expect(transpose(concatRows([transpose(A), transpose(A)]))).toEqual(wide);
        expect(frobeniusNorm(wide)).toBeCloseTo(Math.SQRT2 * frobeniusNorm(A), 10);
      }),
    );
  });

  it("[NU9] inner products and norms of products need no product", () => {
    const pair = fc
      .tuple(size, size, size, size)
      .chain(([m, n, r, q]) => fc.tuple(sized(m, r), sized(r, n), sized(m, q), sized(q, n)));
    fc.assert(
      fc.property(pair, ([B1, A1, B2, A2]) => {
        const first = { up: B1, down: A1 };
        const [P1, P2] = [multiply(B1, A1), multiply(B2, A2)];
        expect(productInner(first, { up: B2, down: A2 })).toBeCloseTo(innerProduct(P1, P2), 8);
        expect(productNorm(first)).toBeCloseTo(frobeniusNorm(P1), 5);
      }),
    );
  });

  it.each(golden.products.map((product) => [product.ranks.join("+"), product] as const))(
    "[NU9] norm and singular values of the stacked golden product of ranks %s",
    (_, { rows, columns: n, ranks, weights, b, a, ...wanted }) => {
      const up = concatColumns(
        ranks.map((r, k) =>
          matrixFrom(
            b[k]!.map((value) => value * weights[k]!),
            [rows, r],
          ),
        ),
      );
      const down = concatRows(ranks.map((r, k) => matrixFrom(a[k]!, [r, n])));
      expectNear(multiply(up, down), matrixFrom(wanted.dense, [rows, n]));
      expect(productNorm({ up, down }) / wanted.frobenius).toBeCloseTo(1, 12);
      const core = multiplyTransposedRight(triangularFactor(up), triangularFactor(transpose(down)));
      const { S } = svd(core);
      for (const [index, s] of S.entries()) expect(s).toBeCloseTo(wanted.s[index] ?? 0, 10);
    },
  );

  it("[NU9] converts from and to float32 and refuses sizes that do not fit", () => {
    expect(toFloat32(matrixFrom(new Float32Array([1, 2, 3, 4]), [2, 2]))).toEqual(
      new Float32Array([1, 2, 3, 4]),
    );
    expect(() => matrixFrom([1], [1, 2])).toThrow(RangeError);
    expect(() => matrixFrom([1], [1])).toThrow(RangeError);
    expect(() => multiply(zeros(2, 3), zeros(2, 3))).toThrow(RangeError);
    expect(() => subtract(zeros(2, 3), zeros(3, 2))).toThrow(RangeError);
  });
});

describe("qr", () => {
  it("[NU7] Q R is the matrix, Q has orthonormal columns, R is upper triangular with diagonal >= 0", () => {
    fc.assert(
      fc.property(anyMatrix, (A) => {
        const copy = A.data.slice();
        const { Q, R } = qr(A);
        expect(A.data).toEqual(copy);
        expectNear(multiply(Q, R), A);
        expectNear(multiplyTransposedLeft(Q, Q), identity(Math.min(A.rows, A.cols)));
        for (let i = 0; i < R.rows; i++) {
          expect(R.data[i * R.cols + i]).toBeGreaterThanOrEqual(0);
          for (let j = 0; j < i; j++) expect(R.data[i * R.cols + j]).toBe(0);
        }
        expect(triangularFactor(A)).toEqual(R);
      }),
    );
  });

  it.each(golden.matrices.filter((m) => m.qr).map((matrix) => [matrix.name, matrix] as const))(
    "[NU7] agrees with the golden factors of %s",
    (_, { shape, a, rank, qr: wanted }) => {
      const A = matrixFrom(a, shape);
      const { Q, R } = qr(A);
      expectNear(multiplyTransposedLeft(Q, Q), identity(Q.cols));
      const scale = frobeniusNorm(A);
      expect(frobeniusNorm(subtract(multiply(Q, R), A))).toBeLessThanOrEqual(1e-14 * scale);
      // Only at full rank are the factors unique.
      if (rank < Math.min(...shape)) return;
      const off = subtract(R, matrixFrom(wanted!.r, [R.rows, R.cols]));
      expect(frobeniusNorm(off)).toBeLessThanOrEqual(1e-13 * scale);
    },
  );
});

describe("svd", () => {
  it("[NU8] U S Vt is the matrix, both bases are orthonormal, values descend, signs are fixed", () => {
    fc.assert(
      fc.property(anyMatrix, (A) => {
        const copy = A.data.slice();
        const { U, S, Vt } = svd(A);
        const k = Math.min(A.rows, A.cols);
        expect(A.data).toEqual(copy);
        expect([U.rows, U.cols, S.length, Vt.rows, Vt.cols]).toEqual([A.rows, k, k, k, A.cols]);
        expectNear(multiply(scaleColumns(U, S), Vt), A, 1e-9);
        expectNear(multiplyTransposedLeft(U, U), identity(k), 1e-11);
        expectNear(multiplyTransposedRight(Vt, Vt), identity(k), 1e-11);
        for (let i = 0; i < k; i++) {
          expect(S[i]).toBeLessThanOrEqual(S[i - 1] ?? Infinity);
          expect(S[i] === 0 || S[i]! >= 1e-10 * S[0]!).toBe(true);
          const row = [...Vt.data.subarray(i * A.cols, (i + 1) * A.cols)];
          const largest = Math.max(...row.map(Math.abs));
          expect(row.find((value) => Math.abs(value) === largest)).toBeGreaterThan(0);
        }
      }),
    );
  });

  it.each(golden.matrices.map((matrix) => [matrix.name, matrix] as const))(
    "[NU8] agrees with the golden decomposition of %s",
    (_, { shape, a, frobenius, svd: wanted }) => {
      const A = matrixFrom(a, shape);
      const { U, S, Vt } = svd(A);
      expect(Math.abs(frobeniusNorm(A) - frobenius)).toBeLessThanOrEqual(1e-14 * frobenius);
      const top = S[0] === 0 ? 1 : S[0]!;
      for (const [i, s] of S.entries()) {
        expect(Math.abs(s - wanted.s[i]!)).toBeLessThanOrEqual(1e-14 * top);
        const neighbours = [wanted.s[i - 1] ?? Infinity, wanted.s[i + 1] ?? 0];
        const gap = Math.min(...neighbours.map((other) => Math.abs(s - other))) / top;
        // Vectors are unique only apart from their neighbours.
        if (s === 0 || gap < 1e-6) continue;
        for (let j = 0; j < Vt.cols; j++) {
          const at = i * Vt.cols + j;
          expect(Math.abs(Vt.data[at]! - wanted.vt[at]!)).toBeLessThan(1e-13 / gap);
        }
        for (let j = 0; j < U.rows; j++) {
          const at = j * U.cols + i;
          expect(Math.abs(U.data[at]! - wanted.u[at]!)).toBeLessThan((1e-13 / gap) * (top / s));
        }
      }
    },
  );

  it("[NU8] keeps small values to full relative accuracy, and cuts at 1e-10", () => {
    const D = matrixFrom([1, 0, 0, 0, 3e-10, 0, 0, 0, 1e-11], [3, 3]);
    expect([...svd(D).S]).toEqual([1, 3e-10, 0]);
    // Rows of very different length, as after a diagonal scaling: Jacobi loses nothing.
    const graded = matrixFrom([1, 1, 1e-9, -1e-9], [2, 2]);
    expect(svd(graded).S[0]! / Math.SQRT2).toBeCloseTo(1, 14);
    expect(svd(graded).S[1]! / (Math.SQRT2 * 1e-9)).toBeCloseTo(1, 14);
  });

  it("[NU8] bases stay orthonormal where entries are the smallest there are", () => {
    const { U, S } = svd(matrixFrom([0, -5e-324, -6e-323], [3, 1]));
    expectNear(multiplyTransposedLeft(U, U), identity(1));
    expect(S[0]).toBeGreaterThan(0);
  });

  it("[NU8] ties keep the order of the input, and zero has a whole basis", () => {
    expect(svd(identity(3))).toEqual({
      U: identity(3),
      S: new Float64Array([1, 1, 1]),
      Vt: identity(3),
    });
    const { U, S, Vt } = svd(zeros(3, 2));
    expect([...S]).toEqual([0, 0]);
    expectNear(multiplyTransposedLeft(U, U), identity(2));
    expectNear(multiplyTransposedRight(Vt, Vt), identity(2));
  });

  it("[NU8] a product keeps its row space: right vectors of B A lie in the rows of A", () => {
    const A = qr(
      matrixFrom(
        Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
        [8, 3],
      ),
    ).Q;
    const core = matrixFrom([2, 0, 0, 1, 0, 0, 0, 0, 0], [3, 3]);
    const { Vt } = svd(core);
    const rows = multiplyTransposedRight(Vt, A);
    expectNear(multiplyTransposedRight(rows, rows), identity(3));
  });
});
