/**
 * The leading singular vectors of a base weight, by randomised subspace iteration.
 *
 * Halko, Martinsson, Tropp, "Finding structure with randomness", SIAM Review 53 (2011), algorithms 4.4 and 5.1. W stays
 * float32 and is read in place; sums are float64 in a fixed order, so that all platforms find the same bits.
 */
import { FedtuneError } from "../errors.ts";
import { columns, matrixFrom, multiply, transpose, zeros, type Matrix } from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";
import { svd } from "../linalg/svd.ts";
import type { Rng } from "../rng.ts";

/** W of rank r: `W ~ U diag(S) Vt` with U `[out, r]`, S `[r]` descending, Vt `[r, in]`; signs as `svd` fixes them. */
export interface TruncatedSvd {
  readonly U: Matrix;
  readonly S: Float64Array;
  readonly Vt: Matrix;
}

/** A weight `[out, in]`, row-major. */
export interface WeightMatrix {
  readonly values: Float32Array;
  readonly out: number;
  readonly in: number;
}

/** Directions beyond the wanted ones: they decide how fast the last wanted one settles. */
const OVERSAMPLING = 10;
/** As many as PEFT's `pissa_niter_16`, which takes no additional directions. */
const ITERATIONS = 16;

/**
 * The leading `rank` singular triplets. Beside W it holds vectors only: (out + in)(rank + 10) float64 values a few times.
 *
 * Exact to rounding when `rank + 10` reaches the smaller side of W; else the error of the product exceeds the smallest
 * possible one by a factor that falls with the 33rd power of the ratio of the singular values rank + 11 and rank.
 *
 * @throws FedtuneError `config-conflict` when W has no `rank` singular values, `not-finite`
 */
export function truncatedSvd(weight: WeightMatrix, rank: number, rng: Rng): TruncatedSvd {
  const { values, out, in: inputs } = weight;
  const smaller = Math.min(out, inputs);
  if (values.length !== out * inputs) {
    throw new RangeError(`Cannot read a [${out}, ${inputs}] weight from ${values.length} values`);
  }
  if (rank > smaller) {
    const message = `Cannot take ${rank} singular vectors of a weight [${out}, ${inputs}]: wanted a rank of at most ${smaller}`;
    throw new FedtuneError("config-conflict", message, { data: { rank, out, in: inputs } });
  }
  const width = Math.min(rank + OVERSAMPLING, smaller);
  const start = Float64Array.from({ length: width * inputs }, () => 2 * rng.uniform() - 1);
  const Q = columnSpace(weight, { rows: width, cols: inputs, data: start });
  // U S Vt of the small matrix Q W [width, in] turns Q into W's own vectors.
  const inner = svd(timesWeight(Q, weight));
  return {
    U: columns(multiply(transpose(Q), inner.U), 0, rank),
    S: inner.S.slice(0, rank),
    Vt: matrixFrom(inner.Vt.data.subarray(0, rank * inputs), [rank, inputs]),
  };
}

/** Orthonormal rows `[width, out]` that span the leading left singular vectors, from rows `[width, in]`. */
function columnSpace(weight: WeightMatrix, start: Matrix): Matrix {
  const whole = start.rows === Math.min(weight.out, weight.in);
  let Q = orthonormalRows(timesTransposed(start, weight));
  for (let i = 0; i < (whole ? 1 : ITERATIONS); i++) {
    const other = orthonormalRows(timesWeight(Q, weight));
    Q = orthonormalRows(timesTransposed(other, weight));
  }
  return Q;
}

function orthonormalRows(A: Matrix): Matrix {
  if (!A.data.every((value) => Number.isFinite(value))) {
    throw new FedtuneError(
      "not-finite",
      "Cannot take singular vectors of a weight with NaN or inf",
    );
  }
  return transpose(qr(transpose(A)).Q);
}

/** X W^T for rows X `[k, in]`: `[k, out]`; eight dot products share one walk over their vectors. */
function timesTransposed(X: Matrix, weight: WeightMatrix): Matrix {
  const { out } = weight;
  const result = zeros(X.rows, out);
  eachFourRows(weight, ([w0, w1, w2, w3], i) => {
    for (let k = 0; k < X.rows; k += 2) {
      const x = rowOf(X, k);
      const y = k + 1 < X.rows ? rowOf(X, k + 1) : x;
      let [x0, x1, x2, x3] = [0, 0, 0, 0];
      let [y0, y1, y2, y3] = [0, 0, 0, 0];
      for (let j = 0; j < x.length; j++) {
        const a = x[j] ?? 0;
        const b = y[j] ?? 0;
        const c = w0[j] ?? 0;
        const d = w1[j] ?? 0;
        const e = w2[j] ?? 0;
        const f = w3[j] ?? 0;
        x0 += a * c;
        x1 += a * d;
        x2 += a * e;
        x3 += a * f;
        y0 += b * c;
        y1 += b * d;
        y2 += b * e;
        y3 += b * f;
      }
      const most = Math.min(4, out - i);
      result.data.set([x0, x1, x2, x3].slice(0, most), k * out + i);
      if (y !== x) result.data.set([y0, y1, y2, y3].slice(0, most), (k + 1) * out + i);
    }
  });
  return result;
}

/** X W for rows X `[k, out]`: `[k, in]`; two rows of the result grow by four rows of W at a time. */
function timesWeight(X: Matrix, weight: WeightMatrix): Matrix {
  const { out, in: inputs } = weight;
  const result = zeros(X.rows, inputs);
  const spare = new Float64Array(inputs);
  eachFourRows(weight, ([w0, w1, w2, w3], i) => {
    for (let k = 0; k < X.rows; k += 2) {
      const x = rowOf(result, k);
      const y = k + 1 < X.rows ? rowOf(result, k + 1) : spare;
      const from = X.data.subarray(k * out + i, (k + 2) * out);
      const [x0 = 0, x1 = 0, x2 = 0, x3 = 0] = from;
      const [y0 = 0, y1 = 0, y2 = 0, y3 = 0] = from.subarray(out);
      for (let j = 0; j < inputs; j++) {
        const a = w0[j] ?? 0;
        const b = w1[j] ?? 0;
        const c = w2[j] ?? 0;
        const d = w3[j] ?? 0;
        x[j] = (x[j] ?? 0) + (x0 * a + x1 * b + (x2 * c + x3 * d));
        y[j] = (y[j] ?? 0) + (y0 * a + y1 * b + (y2 * c + y3 * d));
      }
    }
  });
  return result;
}

type FourRows = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

/** Visits W four rows at a time, widened to float64; rows beyond the last are zero. */
function eachFourRows(
  { values, out, in: inputs }: WeightMatrix,
  visit: (rows: FourRows, first: number) => void,
): void {
  const row = (): Float64Array => new Float64Array(inputs);
  const rows: FourRows = [row(), row(), row(), row()];
  for (let i = 0; i < out; i += 4) {
    for (const [n, target] of rows.entries()) {
      if (i + n < out) target.set(values.subarray((i + n) * inputs, (i + n + 1) * inputs));
      else target.fill(0);
    }
    visit(rows, i);
  }
}

function rowOf(A: Matrix, row: number): Float64Array {
  return A.data.subarray(row * A.cols, (row + 1) * A.cols);
}
