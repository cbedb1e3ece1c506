/**
 * SVD of small dense matrices by one-sided Jacobi rotations in float64.
 *
 * Hestenes 1958; Demmel and Veselic, "Jacobi's method is more accurate than QR", 1992: tiny singular values come out
 * accurately too. Sized for cores of a few hundred; cost about O(m n^2) a sweep, 5 to 10 sweeps.
 */
import { dot, transpose, zeros, type Matrix } from "./matrix.ts";

/**
 * A = U diag(S) V^T with k = min(m, n): U `[m, k]`, S `[k]` descending, Vt `[k, n]`; columns of U and rows of Vt
 * are orthonormal, also where S is zero.
 */
export interface SVD {
  readonly U: Matrix;
  readonly S: Float64Array;
  readonly Vt: Matrix;
}

/** Singular values below this share of the largest are zero. */
const SINGULAR_CUTOFF = 1e-10;
const MAX_SWEEPS = 60;

/**
 * The thin SVD of `[m, n]`.
 *
 * Canonical: descending, ties in input order; the entry of largest magnitude (the first of equals) of every right vector
 * is positive; values below 1e-10 of the largest are set to zero and their vectors complete the basis.
 */
export function svd(A: Matrix): SVD {
  const wide = A.rows < A.cols;
  const tall = wide ? A : transpose(A);
  // Rows of W are the columns of the tall side, so that a rotation walks through memory in order.
  const { left, S, right } = sorted(orthogonalise(tall));
  completeBasis(left, S);
  // tall^T = left^T S right: for a wide A the roles of left and right change.
  const [u, vt] = wide ? [right, left] : [left, right];
  fixSigns(u, vt);
  return { U: transpose(fromRows(u)), S, Vt: fromRows(vt) };
}

/** W = scale V M with orthogonal rows and V orthogonal, both as lists of rows. */
interface Rotated {
  readonly W: readonly Float64Array[];
  readonly V: readonly Float64Array[];
  readonly scale: number;
}

/** Rotates pairs of rows until all are orthogonal. */
function orthogonalise(M: Matrix): Rotated {
  const { rows: k, cols } = M;
  const scale = powerOfTwo(M.data);
  const W = Array.from({ length: k }, (_, i) =>
    M.data.slice(i * cols, (i + 1) * cols).map((value) => value * scale),
  );
  const V = Array.from({ length: k }, (_, i) => {
    const row = new Float64Array(k);
    row[i] = 1;
    return row;
  });
  for (let sweep = 0; sweep < MAX_SWEEPS && sweepOnce(W, V); sweep++);
  return { W, V, scale };
}

/** A power of two that brings the largest entry near 1: exact to apply, and squares stay in range. */
function powerOfTwo(data: Float64Array): number {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 1;
  const exponent = Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))));
  return 2 ** -exponent;
}

/** One pass over all pairs; true when any pair was rotated. */
function sweepOnce(W: readonly Float64Array[], V: readonly Float64Array[]): boolean {
  let rotated = false;
  for (const [p, wp] of W.entries()) {
    for (let q = p + 1; q < W.length; q++) {
      const wq = W[q];
      const vp = V[p];
      const vq = V[q];
      if (wq === undefined || vp === undefined || vq === undefined) continue;
      const rotation = rotationOf(wp, wq);
      if (rotation === null) continue;
      rotated = true;
      rotate(wp, wq, rotation);
      rotate(vp, vq, rotation);
    }
  }
  return rotated;
}

/** Cosine and sine that make two rows orthogonal, or null when they already are. */
function rotationOf(a: Float64Array, b: Float64Array): readonly [number, number] | null {
  const alpha = dot(a, a);
  const beta = dot(b, b);
  const gamma = dot(a, b);
  // Rounding of a dot product grows with its length; below that, turning on would never end.
  const tolerance = Number.EPSILON * Math.max(8, a.length);
  if (Math.abs(gamma) <= tolerance * Math.sqrt(alpha) * Math.sqrt(beta)) return null;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  return [c, c * t];
}

function rotate(a: Float64Array, b: Float64Array, [c, s]: readonly [number, number]): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    a[i] = c * x - s * y;
    b[i] = s * x + c * y;
  }
}

/** Orders rows by length, descending, and divides by it; lengths below the cutoff count as zero. */
function sorted({ W, V, scale }: Rotated) {
  const rows = W.map((w, index) => ({ w, v: V[index] ?? w, length: Math.sqrt(dot(w, w)) }));
  rows.sort((a, b) => b.length - a.length);
  const cutoff = (rows[0]?.length ?? 0) * SINGULAR_CUTOFF;
  const S = Float64Array.from(rows, ({ length }) => (length < cutoff ? 0 : length / scale));
  const left = rows.map(({ w, length }) => (length === 0 ? w : w.map((value) => value / length)));
  return { left, S, right: rows.map(({ v }) => v) };
}

/** Fills rows of zero singular value with unit vectors orthogonal to all others: Gram-Schmidt, twice, on e_0, e_1, ... */
function completeBasis(rows: Float64Array[], S: Float64Array): void {
  let next = 0;
  for (const [index, row] of rows.entries()) {
    if (S[index] !== 0) continue;
    const done = rows.filter((_, other) => other < index);
    let completed = false;
    while (!completed && next < row.length) {
      row.fill(0);
      row[next++] = 1;
      completed = orthonormalise(row, done);
    }
  }
}

/** Makes `row` orthogonal to `basis` and of length 1; false when (nearly) nothing is left of it. */
function orthonormalise(row: Float64Array, basis: readonly Float64Array[]): boolean {
  for (let pass = 0; pass < 2; pass++) {
    for (const other of basis) {
      const along = dot(row, other);
      for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) - along * (other[i] ?? 0);
    }
    const length = Math.sqrt(dot(row, row));
    if (length < 1e-3) return false;
    for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) / length;
  }
  return true;
}

/** Turns pairs of vectors so that the largest entry of each right vector is positive. */
function fixSigns(left: readonly Float64Array[], right: readonly Float64Array[]): void {
  for (const [index, v] of right.entries()) {
    let largest = 0;
    for (const value of v) if (Math.abs(value) > Math.abs(largest)) largest = value;
    if (largest >= 0) continue;
    for (const vector of [v, left[index] ?? v]) {
      for (let i = 0; i < vector.length; i++) vector[i] = -(vector[i] ?? 0);
    }
  }
}

function fromRows(rows: readonly Float64Array[]): Matrix {
  const cols = rows[0]?.length ?? 0;
  const result = zeros(rows.length, cols);
  for (const [index, row] of rows.entries()) result.data.set(row, index * cols);
  return result;
}
