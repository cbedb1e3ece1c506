import {
  concatRows,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  qrOfRows,
  svd,
  triangularFactor,
  zeros,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";

/** Where the singular values go: all into B, or their square roots into both. */
export type SingularSplit = "s-in-b" | "sqrt";

/** The A of a refactorised product, and what it shares with the old one. */
export interface Refactorised {
  /** The new A `[r, in]`. */
  readonly down: Matrix;
  /** An orthonormal basis of the old A's rows `[min(r, in), in]`. */
  readonly space: Matrix;
  /** A A^T of the old A `[r, r]`. */
  readonly gram: Matrix;
  /** The new A times the old one's transpose `[r, r]`. */
  readonly overlap: Matrix;
}

/**
 * The A of the product B A, A `[r, in]` and B `[out, r]`, by its singular value decomposition U S V^T: with `s-in-b` the new
 * A is V^T, orthonormal rows; with `sqrt` its rows get the root of S. The B that goes with it is {@link fittedUp}'s.
 *
 * A thin QR of A, the triangle of B and an r x r core: cost O((in + out) r^2), memory O((in + out) r). The new A stays in
 * the row space of the old one, also where singular values are zero: those rows have length 1 under either split, so that
 * the direction can still be trained. Singular values fall, the largest entry of each row of A is positive. With r > in
 * the rows beyond in are zero.
 */
export function refactorise({ up: B, down: A }: LowRank, split: SingularSplit): Refactorised {
  const { rows: space, R } = qrOfRows(A);
  const { S, Vt } = svd(padRows(multiplyTransposedRight(triangularFactor(B), R), space.rows));
  const [rank, kept] = [A.rows, space.rows];
  const rows = multiply(Vt, space);
  const mixing = zeros(rank, kept);
  const down = zeros(rank, A.cols);
  for (let i = 0; i < kept; i++) {
    const s = S[i] ?? 0;
    const row = rows.data.subarray(i * A.cols, (i + 1) * A.cols);
    const length = largestSign(row) * (s === 0 || split === "s-in-b" ? 1 : Math.sqrt(s));
    for (let j = 0; j < A.cols; j++) down.data[i * A.cols + j] = length * (row[j] ?? 0);
    for (let k = 0; k < kept; k++)
      mixing.data[i * kept + k] = length * (Vt.data[i * kept + k] ?? 0);
  }
  return { down, space, gram: multiplyTransposedLeft(R, R), overlap: multiply(mixing, R) };
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
