import type { IntegerGrid } from "../noise/integer-grid.ts";
import { checkLengths, clipCounter, clipFactor, squaredNorm } from "./clipper.ts";
import type { Clipper } from "./clipper.ts";

/** Adding and taking away 1.5 * 2^52 leaves the nearest integer, for magnitudes below 2^51; Math.round takes five times as long. */
const ROUNDER = 1.5 * 2 ** 52;

/**
 * Flat clipping onto an integer grid, for the hardened mode: the sum counts grid units and is exact as long as it stays
 * below 2^53, that is for 2^29 examples at 24 bits.
 *
 * Values are rounded to the nearest integer, so `sensitivity` is the grid's, a little above the clip norm.
 */
export function integerClip(grid: IntegerGrid): Clipper {
  const { counts, count } = clipCounter();
  return {
    sensitivity: grid.sensitivity,
    counts,
    addTo(sum, example) {
      checkLengths(sum, example);
      const norm = Math.sqrt(squaredNorm(example));
      const factor = clipFactor(norm, grid.clipNorm * grid.step);
      count(norm, factor < 1);
      if (factor === 0) return norm;
      const units = factor / grid.step;
      for (let i = 0; i < sum.length; i++) {
        sum[i] = (sum[i] ?? 0) + (units * (example[i] ?? 0) + ROUNDER - ROUNDER);
      }
      return norm;
    },
  };
}
