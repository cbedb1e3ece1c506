/** Draws of first factor values: only + - * / and square roots, which IEEE 754 fixes to the last bit. */
import type { Rng } from "../rng.ts";

/** Uniform on (-bound, bound), rounded to float32; `[size]`. */
export function uniformValues(size: number, bound: number, rng: Rng): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = (2 * rng.uniform() - 1) * bound;
  return values;
}

/**
 * PEFT's default for A `[r, in]`: Kaiming uniform with a = sqrt(5), which is uniform on (-1/sqrt(in), 1/sqrt(in)).
 *
 * @throws RangeError when `shape` has no second extent
 */
export function kaimingDown(shape: readonly number[], rng: Rng): Float32Array {
  const [rows, width] = matrixShape(shape);
  return uniformValues(rows * width, 1 / Math.sqrt(width), rng);
}

/**
 * PEFT's draw of VeRA's frozen matrices: Kaiming uniform with gain sqrt(2), uniform on (-sqrt(6/width), sqrt(6/width)).
 *
 * @throws RangeError when `shape` has no second extent
 */
export function kaimingProjection(shape: readonly number[], rng: Rng): Float32Array {
  const [rows, width] = matrixShape(shape);
  return uniformValues(rows * width, Math.sqrt(6 / width), rng);
}

/** Normal with mean zero, rounded to float32; `[size]`. */
export function normalValues(size: number, deviation: number, rng: Rng): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const [first, second] = normalPair(rng);
    values[i] = first * deviation;
    if (i + 1 < size) values[i + 1] = second * deviation;
  }
  return values;
}

/**
 * Two independent standard normals by the polar method: Marsaglia and Bray, SIAM Review 6 (1964).
 *
 * It asks for a square root and one logarithm only, and that one is {@link portableLog}.
 */
function normalPair(rng: Rng): readonly [number, number] {
  for (;;) {
    const x = 2 * rng.uniform() - 1;
    const y = 2 * rng.uniform() - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const length = Math.sqrt((-2 * portableLog(square)) / square);
    return [x * length, y * length];
  }
}

const LN2 = 0.6931471805599453;
/** Terms of the series; the next one is below 1e-19 of the first on the reduced range. */
const LOG_TERMS = 12;

/**
 * Natural logarithm of x in (0, 1) to a few units in the last place; Math.log may differ between engines.
 *
 * x = m 2^-k with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh f = 2 f (1 + f^2/3 + f^4/5 + ...), f = (m - 1)/(m + 1).
 */
export function portableLog(x: number): number {
  let m = x;
  let k = 0;
  for (; m < Math.SQRT1_2; k++) m *= 2;
  const f = (m - 1) / (m + 1);
  const square = f * f;
  let series = 0;
  for (let n = LOG_TERMS - 1; n >= 0; n--) series = series * square + 1 / (2 * n + 1);
  return 2 * f * series - k * LN2;
}

function matrixShape(shape: readonly number[]): readonly [number, number] {
  const [rows, width] = shape;
  if (rows !== undefined && width !== undefined) return [rows, width];
  throw new RangeError(`Cannot draw a matrix of shape [${shape.join(", ")}]: wanted two extents`);
}
