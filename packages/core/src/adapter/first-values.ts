/** Draws of first factor values: only multiplication, subtraction, square root and rounding, exact by IEEE 754. */
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
  const [rows, width] = shape;
  if (rows === undefined || width === undefined) {
    throw new RangeError(`Cannot draw A of shape [${shape.join(", ")}], wanted [r, in]`);
  }
  return uniformValues(rows * width, 1 / Math.sqrt(width), rng);
}
