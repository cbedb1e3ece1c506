/**
 * Turning A in its own row space: `A := T A`, T `[r, r]`, the same bits at every party.
 *
 * Server and clients both call {@link rotateDown}; who holds the previous A needs r x r numbers, not r x in.
 */
import { FedtuneError } from "../errors.ts";
import type { Factor, Layout } from "./layout.ts";

/** The factors that a rotation turns, in layout order. */
export function rotatedFactors(layout: Layout): readonly Factor[] {
  return layout.factors.filter(({ role, shape }) => role === "down" && shape.length === 2);
}

/** Number of values of a rotation: r x r for each module. */
export function rotationSize(layout: Layout): number {
  return rotatedFactors(layout).reduce((sum, { shape }) => sum + (shape[0] ?? 0) ** 2, 0);
}

/**
 * Turns every down factor of `values` `[layout.size]` in place; `rotation` is packed, `[rotationSize(layout)]`.
 *
 * Sums in float64 in the order of the rows, one rounding at the end: the same bits on every platform.
 *
 * @throws FedtuneError `shape-mismatch` when the rotation has another size
 */
export function rotateDown(layout: Layout, values: Float32Array, rotation: Float32Array): void {
  const wanted = rotationSize(layout);
  if (rotation.length !== wanted) {
    const message = `Cannot turn the factors by ${String(rotation.length)} values, expected ${String(wanted)}`;
    throw new FedtuneError("shape-mismatch", message);
  }
  let at = 0;
  for (const { offset, size, shape } of rotatedFactors(layout)) {
    const [rank = 0, width = 0] = shape;
    const before = values.slice(offset, offset + size);
    const row = new Float64Array(width);
    for (let i = 0; i < rank; i++) {
      row.fill(0);
      for (let k = 0; k < rank; k++) {
        const t = rotation[at + i * rank + k] ?? 0;
        for (let j = 0; j < width; j++) row[j] = (row[j] ?? 0) + t * (before[k * width + j] ?? 0);
      }
      values.set(row, offset + i * width);
    }
    at += rank * rank;
  }
}
