/** Dense matrices in float64, row-major; sized for factors of low rank, never for `[out, in]`. */

/** A matrix; entry (i, j) is `data[i * cols + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** Below so many columns a row is not worth a view of its own. */
const SHORT_ROW = 64;

/** A zero matrix. */
export function zeros(rows: number, cols: number): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) };
}

/** The identity of size n. */
export function identity(n: number): Matrix {
  const result = zeros(n, n);
  for (let i = 0; i < n; i++) result.data[i * n + i] = 1;
  return result;
}

/**
 * Copies a row-major vector of `shape` `[rows, cols]` into float64.
 *
 * @throws RangeError when the number of values is not rows * cols
 */
export function matrixFrom(values: ArrayLike<number>, shape: readonly number[]): Matrix {
  const [rows, cols] = shape;
  if (rows === undefined || cols === undefined || shape.length !== 2) {
    throw new RangeError(
      `Cannot make a matrix of shape [${shape.join(", ")}]: wanted [rows, cols]`,
    );
  }
  if (values.length !== rows * cols) {
    throw new RangeError(`Cannot make a [${rows}, ${cols}] matrix of ${values.length} values`);
  }
  return { rows, cols, data: new Float64Array(values) };
}

/** Rounds to float32, row-major. */
export function toFloat32(A: Matrix): Float32Array {
  return new Float32Array(A.data);
}

/** A B; `[m, k] x [k, n] -> [m, n]`. */
export function multiply(A: Matrix, B: Matrix): Matrix {
  checkInner(A.cols, B.rows, "A B");
  const C = zeros(A.rows, B.cols);
  const [a, b, c, n, inner] = [A.data, B.data, C.data, B.cols, A.cols];
  for (let i = 0; i < A.rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k] ?? 0;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] ?? 0) + factor * (b[k * n + j] ?? 0);
    }
  }
  return C;
}

/** A^T B; `[k, m]^T x [k, n] -> [m, n]`. */
export function multiplyTransposedLeft(A: Matrix, B: Matrix): Matrix {
  checkInner(A.rows, B.rows, "A^T B");
  const C = zeros(A.cols, B.cols);
  const [a, b, c, n, m] = [A.data, B.data, C.data, B.cols, A.cols];
  for (let k = 0; k < A.rows; k++) {
    for (let i = 0; i < m; i++) {
      const factor = a[k * m + i] ?? 0;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] ?? 0) + factor * (b[k * n + j] ?? 0);
    }
  }
  return C;
}

/** A B^T; `[m, k] x [n, k]^T -> [m, n]`. */
export function multiplyTransposedRight(A: Matrix, B: Matrix): Matrix {
  checkInner(A.cols, B.cols, "A B^T");
  // Short rows cost more to slice than to multiply: with few columns the plain product is the faster one.
  if (A.cols < SHORT_ROW) return multiply(A, transpose(B));
  const C = zeros(A.rows, B.rows);
  const k = A.cols;
  const rows = Array.from({ length: B.rows }, (_, j) => B.data.subarray(j * k, (j + 1) * k));
  for (let i = 0; i < A.rows; i++) {
    const row = A.data.subarray(i * k, (i + 1) * k);
    for (const [j, other] of rows.entries()) C.data[i * B.rows + j] = dot(row, other);
  }
  return C;
}

/** The transpose, a copy. */
export function transpose(A: Matrix): Matrix {
  const T = zeros(A.cols, A.rows);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < A.cols; j++) T.data[j * A.rows + i] = A.data[i * A.cols + j] ?? 0;
  }
  return T;
}

/** alpha A + beta B, of equal shape. */
export function combine(
  alpha: number,
  A: Matrix,
  term: { readonly beta: number; readonly B: Matrix },
): Matrix {
  const { beta, B } = term;
  checkInner(A.rows, B.rows, "A + B");
  checkInner(A.cols, B.cols, "A + B");
  const data = new Float64Array(A.data.length);
  for (let i = 0; i < data.length; i++)
    data[i] = alpha * (A.data[i] ?? 0) + beta * (B.data[i] ?? 0);
  return { rows: A.rows, cols: A.cols, data };
}

/** A - B, of equal shape. */
export function subtract(A: Matrix, B: Matrix): Matrix {
  return combine(1, A, { beta: -1, B });
}

/** Columns [start, end) as a copy. */
export function columns(A: Matrix, start: number, end: number): Matrix {
  const C = zeros(A.rows, end - start);
  for (let i = 0; i < A.rows; i++) {
    C.data.set(A.data.subarray(i * A.cols + start, i * A.cols + end), i * C.cols);
  }
  return C;
}

/** Matrices of equal height side by side. */
export function concatColumns(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]?.rows ?? 0;
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const C = zeros(rows, cols);
  let at = 0;
  for (const part of parts) {
    checkInner(rows, part.rows, "[A, B]");
    for (let i = 0; i < rows; i++) {
      C.data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), i * cols + at);
    }
    at += part.cols;
  }
  return C;
}

/** Matrices of equal width on top of each other. */
export function concatRows(parts: readonly Matrix[]): Matrix {
  const cols = parts[0]?.cols ?? 0;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const C = zeros(rows, cols);
  let at = 0;
  for (const part of parts) {
    checkInner(cols, part.cols, "[A; B]");
    C.data.set(part.data, at);
    at += part.data.length;
  }
  return C;
}

/** Square root of the sum of squares. */
export function frobeniusNorm(A: Matrix): number {
  return Math.sqrt(dot(A.data, A.data));
}

/** Sum of entrywise products of two matrices of equal shape. */
export function innerProduct(A: Matrix, B: Matrix): number {
  checkInner(A.rows, B.rows, "<A, B>");
  checkInner(A.cols, B.cols, "<A, B>");
  return dot(A.data, B.data);
}

/** A product `up x down` that is never formed: up `[out, r]`, down `[r, in]`. */
export interface LowRank {
  readonly up: Matrix;
  readonly down: Matrix;
}

/** <B1 A1, B2 A2> = tr((B2^T B1)(A1 A2^T)), by matrices of size r only. */
export function productInner(first: LowRank, second: LowRank): number {
  const left = multiplyTransposedLeft(first.up, second.up);
  const right = multiplyTransposedRight(first.down, second.down);
  return innerProduct(left, right);
}

/** ||B A||_F by matrices of size r only; relative accuracy about 1e-8 when the terms of the product cancel. */
export function productNorm(product: LowRank): number {
  return Math.sqrt(Math.max(0, productInner(product, product)));
}

/** Dot product of two vectors of equal length; four running sums, always the same, so that additions overlap. */
export function dot(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += (a[i] ?? 0) * (b[i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  for (let i = whole; i < a.length; i++) s0 += (a[i] ?? 0) * (b[i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

function checkInner(left: number, right: number, what: string): void {
  if (left !== right)
    throw new RangeError(`Cannot compute ${what}: sizes ${left} and ${right} differ`);
}
