/**
 * The leading singular triples of a long sum of thin products, X = sum of l_i a_i^T, that is never formed.
 *
 * Few terms: thin QR of both sides and the SVD of the small core, exact. Many: block Lanczos on X^T X with restarts
 * (Golub and Underwood 1977; restarts by Ritz vectors, Wu and Simon 2000), until the residuals of all wanted triples are
 * at rounding: O(terms (out + in)) per block and step instead of O(terms^3) at once.
 */
import {
  FedtuneError,
  combine,
  concatRows,
  frobeniusNorm,
  innerProduct,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  qr,
  svd,
  transpose,
} from "@fedtune/core";
import type { Matrix, Rng } from "@fedtune/core";

/** X = left^T right: row i of left `[terms, out]` and of right `[terms, in]` are one term. */
export interface FactoredSum {
  readonly left: Matrix;
  readonly right: Matrix;
}

/** Singular triples by size: rows of left `[k, out]` and right `[k, in]` are orthonormal. */
export interface Triples {
  readonly left: Matrix;
  readonly S: Float64Array;
  readonly right: Matrix;
}

/** Residuals ||X^T u - s v|| below this share of the largest singular value are rounding. */
const TOLERANCE = 1e-10;
/** Rows of the basis, in blocks: the most, and what a restart keeps. */
const MOST_BLOCKS = 6;
const KEPT_BLOCKS = 3;
const MOST_STEPS = 100;

/**
 * The first `count` triples at least; fewer when out or in is smaller. `rng` draws the start, which the result does not
 * depend on beyond rounding.
 *
 * @throws FedtuneError `not-finite` when a term of a long sum is not finite
 */
export function leadingTriples(sum: FactoredSum, count: number, rng: Rng): Triples {
  const block = Math.max(16, 2 * count);
  const room = Math.min(sum.left.rows, sum.left.cols, sum.right.cols);
  if (room <= MOST_BLOCKS * block) return allTriples(sum);
  return iterated(sum, { count, block, rng }) ?? allTriples(sum);
}

/** All triples: thin QR of both sides, SVD of a core of at most min(terms, out) x min(terms, in). */
export function allTriples({ left, right }: FactoredSum): Triples {
  const [one, other] = [qr(transpose(left)), qr(transpose(right))];
  const { U, S, Vt } = svd(multiplyTransposedRight(one.R, other.R));
  return {
    left: transpose(multiply(one.Q, U)),
    S,
    right: multiplyTransposedRight(Vt, other.Q),
  };
}

/** ||X||^2 from inner products of terms, each pair once. */
export function energyOf({ left, right }: FactoredSum): number {
  const step = 64;
  let energy = 0;
  for (let from = 0; from < left.rows; from += step) {
    const to = Math.min(from + step, left.rows);
    const inner = (start: number, end: number): number =>
      innerProduct(
        multiplyTransposedRight(rowsOf(left, from, to), rowsOf(left, start, end)),
        multiplyTransposedRight(rowsOf(right, from, to), rowsOf(right, start, end)),
      );
    energy += 2 * inner(0, from) + inner(from, to);
  }
  return Math.max(0, energy);
}

/** The share of `energy` = ||X||^2 in the first `count` singular values; 1 when there is nothing. */
export function retainedShare(S: Float64Array, count: number, energy: number): number {
  const kept = S.subarray(0, count).reduce((sum, s) => sum + s * s, 0);
  return energy === 0 ? 1 : Math.min(1, kept / energy);
}

/** The first rows, all of them when there are fewer; a view. */
export function firstRows(M: Matrix, rows: number): Matrix {
  return rowsOf(M, 0, Math.min(rows, M.rows));
}

/** A basis of right vectors, rows of V `[k, in]`, and X V^T as rows of W `[k, out]`. */
interface Basis {
  readonly V: Matrix;
  readonly W: Matrix;
}

interface Search {
  readonly count: number;
  readonly block: number;
  readonly rng: Rng;
}

/** null when the steps did not suffice. */
function iterated(sum: FactoredSum, { count, block, rng }: Search): Triples | null {
  let basis = withImages(sum, orthonormalRows(sketch(sum.right, block, rng)));
  for (let step = 0; step < MOST_STEPS; step++) {
    const ritz = ritzTriples(basis);
    const off = residuals(sum, ritz, block);
    const limit = TOLERANCE * (ritz.S[0] ?? 0);
    const lengths = Array.from({ length: block }, (_, i) => frobeniusNorm(rowsOf(off, i, i + 1)));
    if (!lengths.every(Number.isFinite)) throw notFinite(sum);
    if (lengths.slice(0, count).every((length) => length <= limit)) return ritz;
    if (basis.V.rows + block > MOST_BLOCKS * block) basis = restarted(ritz, KEPT_BLOCKS * block);
    const open = concatRows(
      lengths.flatMap((length, i) => (length > limit ? [rowsOf(off, i, i + 1)] : [])),
    );
    const fresh = withImages(sum, newDirections(open, basis.V));
    basis = { V: concatRows([basis.V, fresh.V]), W: concatRows([basis.W, fresh.W]) };
  }
  return null;
}

function notFinite({ left }: FactoredSum): FedtuneError {
  return new FedtuneError(
    "not-finite",
    `Cannot find singular values of ${String(left.rows)} terms that are not all finite numbers`,
    { data: { terms: left.rows } },
  );
}

/** Random combinations of all terms' rows: no direction of X is missed. */
function sketch(right: Matrix, rows: number, rng: Rng): Matrix {
  const draws = Float64Array.from({ length: rows * right.rows }, () => rng.normal());
  return multiply(matrixFrom(draws, [rows, right.rows]), right);
}

function withImages({ left, right }: FactoredSum, V: Matrix): Basis {
  return { V, W: multiply(multiplyTransposedRight(V, right), left) };
}

/** The triples of X on the span of the basis. */
function ritzTriples({ V, W }: Basis): Triples {
  const { Q, R } = qr(transpose(W));
  const { U, S, Vt } = svd(R);
  return { left: transpose(multiply(Q, U)), S, right: multiply(Vt, V) };
}

/** Rows X^T u_i - s_i v_i of the first triples. */
function residuals({ left, right }: FactoredSum, ritz: Triples, rows: number): Matrix {
  const back = multiply(multiplyTransposedRight(rowsOf(ritz.left, 0, rows), left), right);
  const V = rowsOf(ritz.right, 0, rows);
  return combine(1, back, { beta: -1, B: scaledRows(V, ritz.S) });
}

function restarted({ left, S, right }: Triples, rows: number): Basis {
  return { V: rowsOf(right, 0, rows), W: scaledRows(rowsOf(left, 0, rows), S) };
}

/** Orthonormal rows that span what `rows` add to V; twice, since the first pass may leave rounding. */
function newDirections(rows: Matrix, V: Matrix): Matrix {
  const outside = (some: Matrix): Matrix =>
    orthonormalRows(
      combine(1, some, { beta: -1, B: multiply(multiplyTransposedRight(some, V), V) }),
    );
  return outside(outside(rows));
}

function orthonormalRows(M: Matrix): Matrix {
  return transpose(qr(transpose(M)).Q);
}

/** Rows [from, to), a view. */
function rowsOf({ data, cols }: Matrix, from: number, to: number): Matrix {
  return { rows: to - from, cols, data: data.subarray(from * cols, to * cols) };
}

/** Row i times S_i. */
export function scaledRows(M: Matrix, S: Float64Array): Matrix {
  return { ...M, data: M.data.map((value, at) => (S[Math.floor(at / M.cols)] ?? 0) * value) };
}
