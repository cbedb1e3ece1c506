/** A streamed sketch of a sum of low-rank products: the sum applied to a few random vectors of signs. */
import type { LinearModule } from "../adapter/kind.ts";
import type { LowRank } from "../linalg/matrix.ts";
import type { Rng } from "../rng.ts";

/** Random vectors of a sketch: each costs r (in + out) multiplications a client, all of them 8 percent of error a module. */
export const SKETCH_SIZE = 8;

/** `S` `[in, q]` of signs, and the running `sum of w_k s_k B_k A_k S`, `[out, q]`. */
export interface ProductSketch {
  readonly module: LinearModule;
  readonly signs: Float64Array;
  readonly sums: Float64Array;
  weight: number;
}

/** An empty sketch over signs of its own. E||E S||^2 = q ||E||_F^2, unbiased for every E. */
export function openSketch(module: LinearModule, rng: Rng): ProductSketch {
  const signs = Float64Array.from({ length: module.in * SKETCH_SIZE }, () =>
    rng.uniform() < 0.5 ? -1 : 1,
  );
  return { module, signs, sums: new Float64Array(module.out * SKETCH_SIZE), weight: 0 };
}

/** Adds one client's product, in place. */
export function addProduct(
  sketch: ProductSketch,
  product: LowRank,
  { weight, scaling }: { readonly weight: number; readonly scaling: number },
): void {
  sketch.weight += weight;
  addApplied(sketch.sums, applied(sketch, product), weight * scaling);
}

/** Squared norms per vector: of the distance between the weighted mean and `broadcast`, and of the mean. */
export function sketchDistances(
  sketch: ProductSketch,
  broadcast: LowRank,
): { readonly distance: Float64Array; readonly ideal: Float64Array } {
  const mean = sketch.sums.map((sum) => (sketch.weight === 0 ? 0 : sum / sketch.weight));
  const ideal = squares(mean);
  addApplied(mean, applied(sketch, broadcast), -1);
  return { distance: squares(mean), ideal };
}

/** `B (A S)`, `[out, q]`. */
function applied({ signs, module }: ProductSketch, { up, down }: LowRank): Float64Array {
  const inner = new Float64Array(down.rows * SKETCH_SIZE);
  addMatrixProduct(inner, down, signs);
  const outer = new Float64Array(module.out * SKETCH_SIZE);
  addMatrixProduct(outer, up, inner);
  return outer;
}

/** `target [rows, q] += M [rows, cols] x N [cols, q]`. */
function addMatrixProduct(
  target: Float64Array,
  { rows, cols, data }: LowRank["up"],
  N: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cols; k++) {
      const value = data[i * cols + k] ?? 0;
      const at = k * SKETCH_SIZE;
      const to = i * SKETCH_SIZE;
      for (let c = 0; c < SKETCH_SIZE; c++)
        target[to + c] = (target[to + c] ?? 0) + value * (N[at + c] ?? 0);
    }
  }
}

function addApplied(sums: Float64Array, values: Float64Array, by: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + by * (values[i] ?? 0);
}

function squares(values: Float64Array): Float64Array {
  const sums = new Float64Array(SKETCH_SIZE);
  for (let i = 0; i < values.length; i++)
    sums[i % SKETCH_SIZE] = (sums[i % SKETCH_SIZE] ?? 0) + (values[i] ?? 0) ** 2;
  return sums;
}
