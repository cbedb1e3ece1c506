/** The pairs A `[r, in]` and B `[out, r]` of a flat vector, module by module, as matrices in float64. */
import { matrixFrom } from "@fedtune/core";
import type { Factor, Layout, LowRank, Matrix } from "@fedtune/core";

/** Where one module's pair lies. */
export interface PairPlace {
  readonly module: string;
  readonly up: Factor;
  readonly down: Factor;
}

/** Places of all modules that have both factors, in layout order. */
export function pairPlaces(layout: Layout): PairPlace[] {
  return layout.factors.flatMap((down) => {
    const up = layout.factors.find(({ role, module }) => role === "up" && module === down.module);
    return down.role === "down" && up !== undefined ? [{ module: down.module, up, down }] : [];
  });
}

/** A copy of one module's pair. */
export function readPair(values: Float32Array | Float64Array, { up, down }: PairPlace): LowRank {
  return { up: readMatrix(values, up), down: readMatrix(values, down) };
}

/** Writes a pair back, in place, rounded to the vector's precision. */
export function writePair(
  values: Float32Array | Float64Array,
  { up, down }: PairPlace,
  pair: LowRank,
): void {
  values.set(pair.up.data, up.offset);
  values.set(pair.down.data, down.offset);
}

/** A copy of one factor. */
export function readMatrix(values: Float32Array | Float64Array, factor: Factor): Matrix {
  return matrixFrom(values.subarray(factor.offset, factor.offset + factor.size), factor.shape);
}
