/** QR factorisation by Householder reflections; Golub and Van Loan, Matrix Computations, section 5.2. */
import { dot, transpose, zeros, type Matrix } from "./matrix.ts";

/** A = Q R with k = min(m, n): Q `[m, k]` has orthonormal columns, R `[k, n]` is upper triangular with diagonal >= 0. */
export interface QR {
  readonly Q: Matrix;
  readonly R: Matrix;
}

/** Columns as vectors, and below each diagonal the unit vector v of its reflection I - 2 v v^T. */
interface Reflected {
  readonly m: number;
  readonly columns: Float64Array[];
  /** v of step j acts on rows j..m; null where the column was zero already. */
  readonly reflectors: (Float64Array | null)[];
}

/**
 * The thin QR of `[m, n]`, any shape and rank; cost O(m n k).
 *
 * Signs are fixed by diag(R) >= 0. Where the rank is deficient Q still has orthonormal columns.
 */
export function qr(A: Matrix): QR {
  const { rows, R } = factorised(columnsOf(A), A.rows);
  return { Q: transpose(rows), R };
}

/** The thin QR of A^T with Q^T: `rows` `[k, n]` is an orthonormal basis of the rows of A `[m, n]`, A = R^T rows. */
export function qrOfRows({ rows: m, cols: n, data }: Matrix): {
  readonly rows: Matrix;
  readonly R: Matrix;
} {
  const columns = Array.from({ length: m }, (_, i) => data.slice(i * n, (i + 1) * n));
  return factorised(columns, n);
}

/** R of the thin QR alone, at less than half the cost. */
export function triangularFactor(A: Matrix): Matrix {
  const R = upperPart(reflect(columnsOf(A), A.rows), A.cols);
  fixSigns(R, null);
  return R;
}

function factorised(columns: Float64Array[], m: number) {
  const n = columns.length;
  const reflected = reflect(columns, m);
  const R = upperPart(reflected, n);
  const rows = orthonormalPart(reflected);
  fixSigns(R, rows);
  return { rows, R };
}

function columnsOf({ rows: m, cols: n, data }: Matrix): Float64Array[] {
  return Array.from({ length: n }, (_, j) => {
    const column = new Float64Array(m);
    for (let i = 0; i < m; i++) column[i] = data[i * n + j] ?? 0;
    return column;
  });
}

/** Reflects columns of length m in place. */
function reflect(columns: Float64Array[], m: number): Reflected {
  const n = columns.length;
  const reflectors: (Float64Array | null)[] = [];
  for (let j = 0; j < Math.min(m, n); j++) {
    const v = reflector((columns[j] ?? new Float64Array(m)).subarray(j));
    reflectors.push(v);
    if (v === null) continue;
    for (let other = j; other < n; other++) applyReflection(v, columns[other]?.subarray(j));
  }
  return { m, columns, reflectors };
}

/** Unit v such that (I - 2 v v^T) x is a multiple of the first unit vector; null for x = 0. */
function reflector(x: Float64Array): Float64Array | null {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return null;
  // Scaled, so that squares neither overflow nor vanish.
  const v = x.slice();
  divide(v, largest);
  const norm = Math.sqrt(dot(v, v));
  const first = v[0] ?? 0;
  v[0] = first + (first < 0 ? -norm : norm);
  divide(v, Math.sqrt(dot(v, v)));
  return v;
}

function divide(v: Float64Array, by: number): void {
  for (let i = 0; i < v.length; i++) v[i] = (v[i] ?? 0) / by;
}

function applyReflection(v: Float64Array, x: Float64Array | undefined): void {
  if (x === undefined) return;
  const twice = 2 * dot(v, x);
  if (twice === 0) return;
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) - twice * (v[i] ?? 0);
}

function upperPart({ columns, reflectors }: Reflected, n: number): Matrix {
  const R = zeros(reflectors.length, n);
  for (const [j, column] of columns.entries()) {
    for (let i = 0; i < Math.min(j + 1, R.rows); i++) R.data[i * n + j] = column[i] ?? 0;
  }
  return R;
}

/** Applies the reflections, last first, to the first k unit vectors: Q^T, `[k, m]`. */
function orthonormalPart({ m, reflectors }: Reflected): Matrix {
  const k = reflectors.length;
  const rows = zeros(k, m);
  for (let j = 0; j < k; j++) {
    const q = rows.data.subarray(j * m, (j + 1) * m);
    q[j] = 1;
    // Reflections after j leave the unit vector j alone.
    for (let step = j; step >= 0; step--) {
      const v = reflectors[step];
      if (v) applyReflection(v, q.subarray(step));
    }
  }
  return rows;
}

/** Makes diag(R) >= 0 by turning rows of R and of Q^T. */
function fixSigns(R: Matrix, basis: Matrix | null): void {
  for (let i = 0; i < R.rows; i++) {
    if ((R.data[i * R.cols + i] ?? 0) >= 0) continue;
    for (let j = i; j < R.cols; j++) R.data[i * R.cols + j] = -(R.data[i * R.cols + j] ?? 0);
    if (basis === null) continue;
    const { cols, data } = basis;
    for (let j = i * cols; j < (i + 1) * cols; j++) data[j] = -(data[j] ?? 0);
  }
}
