import {
  concatRows,
  multiply,
  multiplyTransposedRight,
  qr,
  svd,
  transpose,
  zeros,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";

/** Where the singular values go: all into B, or their square roots into both. */
export type SingularSplit = "s-in-b" | "sqrt";

/**
 * The product B A, A `[r, in]` and B `[out, r]`, by its singular value decomposition U S V^T: with `s-in-b` the new A is
 * V^T, orthonormal rows, and the new B is U S; with `sqrt` both get the root of S.
 *
 * A thin QR of each side and an r x r core: cost O((in + out) r^2), memory O((in + out) r). The new A stays in the row
 * space of the old one, also where singular values are zero: those rows have length 1 under either split, so that the
 * direction can still be trained. Singular values fall, the largest entry of each row of A is positive. With r > in
 * the rows beyond in are zero.
 */
export function refactorise({ up: B, down: A }: LowRank, split: SingularSplit): LowRank {
  const right = qr(transpose(A));
  const left = qr(B);
  const [rank, kept] = [A.rows, right.Q.cols];
  const { U, S, Vt } = svd(padRows(multiplyTransposedRight(left.R, right.R), kept));
  const rows = multiplyTransposedRight(Vt, right.Q);
  const columns = multiply(left.Q, firstRows(U, left.Q.cols));
  const root = (s: number): number => (split === "sqrt" ? Math.sqrt(s) : s);
  const up = zeros(B.rows, rank);
  const down = zeros(rank, A.cols);
  for (let i = 0; i < kept; i++) {
    const s = S[i] ?? 0;
    const row = rows.data.subarray(i * A.cols, (i + 1) * A.cols);
    const sign = largestSign(row);
    const length = s === 0 || split === "s-in-b" ? sign : sign * root(s);
    down.data.set(
      row.map((value) => length * value),
      i * A.cols,
    );
    for (let j = 0; j < B.rows; j++) {
      up.data[j * rank + i] = sign * root(s) * (columns.data[j * columns.cols + i] ?? 0);
    }
  }
  return { up, down };
}

/** The sign of the entry of largest magnitude, the first of equals. */
export function largestSign(row: Float64Array): number {
  let largest = 0;
  for (const value of row) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}

/** Zero rows below, up to `rows`. */
export function padRows(M: Matrix, rows: number): Matrix {
  return M.rows >= rows ? M : concatRows([M, zeros(rows - M.rows, M.cols)]);
}

function firstRows({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.subarray(0, rows * cols) };
}
