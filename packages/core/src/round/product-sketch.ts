/** A streamed sketch of a sum of low-rank products: the sum applied to a few sparse random vectors of signs. */
import type { LinearModule } from "../adapter/kind.ts";
import type { LowRank } from "../linalg/matrix.ts";
import type { Rng } from "../rng.ts";

/** Random vectors of a sketch: a client costs r (in + q out) multiplications, all of them 8 percent of error a module. */
export const SKETCH_SIZE = 8;

/** `S` `[in, q]`, one sign in each row, and the running `sum of w_k s_k B_k A_k S`, `[out, q]`. */
export interface ProductSketch {
  readonly module: LinearModule;
  /** By input: which of the q vectors has a sign there. */
  readonly vectors: Uint8Array;
  /** By input: the sign. */
  readonly signs: Int8Array;
  readonly sums: Float64Array;
  weight: number;
}

/**
 * An empty sketch over signs of its own. E||E S||^2 = ||E||_F^2, unbiased for every E, and its variance is at most that
 * of q dense vectors of signs: of any q successive inputs each belongs to another vector, two others meet in one in q.
 */
export function openSketch(module: LinearModule, rng: Rng): ProductSketch {
  const vectors = new Uint8Array(module.in);
  const signs = new Int8Array(module.in);
  let word = 0;
  for (let j = 0; j < module.in; j++) {
    if (j % SKETCH_SIZE === 0) word = rng.uint32();
    // Three bits of a word turn its q inputs' vectors, q others are their signs.
    vectors[j] = (j ^ (word >>> 24)) % SKETCH_SIZE;
    signs[j] = ((word >>> (j % SKETCH_SIZE)) & 1) === 0 ? -1 : 1;
  }
  return { module, vectors, signs, sums: new Float64Array(module.out * SKETCH_SIZE), weight: 0 };
}

/** Adds one client's product, in place. */
export function addProduct(
  sketch: ProductSketch,
  product: LowRank,
  { weight, scaling }: { readonly weight: number; readonly scaling: number },
): void {
  sketch.weight += weight;
  addApplied(sketch.sums, { sketch, product, by: weight * scaling });
}

/** Squared norms per vector: of the distance between the weighted mean and `broadcast`, and of the mean. */
export function sketchDistances(
  sketch: ProductSketch,
  broadcast: LowRank,
): { readonly distance: Float64Array; readonly ideal: Float64Array } {
  const mean = sketch.sums.map((sum) => (sketch.weight === 0 ? 0 : sum / sketch.weight));
  const ideal = squares(mean);
  addApplied(mean, { sketch, product: broadcast, by: -1 });
  return { distance: squares(mean), ideal };
}

/** `sums [out, q] += by B (A S)`. */
function addApplied(
  sums: Float64Array,
  { sketch, product, by }: { sketch: ProductSketch; product: LowRank; by: number },
): void {
  const { up, down } = product;
  const inner = appliedSigns(sketch, down);
  for (let i = 0; i < inner.length; i++) inner[i] = by * (inner[i] ?? 0);
  addMatrixProduct(sums, up, inner);
}

/** `A S`, `[r, q]`. */
function appliedSigns({ vectors, signs }: ProductSketch, { rows, cols, data }: LowRank["down"]) {
  const inner = new Float64Array(rows * SKETCH_SIZE);
  for (let k = 0; k < rows; k++) {
    const to = k * SKETCH_SIZE;
    const row = data.subarray(k * cols, (k + 1) * cols);
    for (let j = 0; j < cols; j++) {
      const at = to + (vectors[j] ?? 0);
      inner[at] = (inner[at] ?? 0) + (signs[j] ?? 0) * (row[j] ?? 0);
    }
  }
  return inner;
}

/** `target [rows, q] += M [rows, cols] x N [cols, q]`; a row's q = 8 sums stay in registers, each value is read once. */
function addMatrixProduct(
  target: Float64Array,
  { rows, cols, data }: LowRank["up"],
  N: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    const to = i * SKETCH_SIZE;
    let s0 = target[to] ?? 0;
    let s1 = target[to + 1] ?? 0;
    let s2 = target[to + 2] ?? 0;
    let s3 = target[to + 3] ?? 0;
    let s4 = target[to + 4] ?? 0;
    let s5 = target[to + 5] ?? 0;
    let s6 = target[to + 6] ?? 0;
    let s7 = target[to + 7] ?? 0;
    for (let k = 0; k < cols; k++) {
      const value = data[i * cols + k] ?? 0;
      const at = k * SKETCH_SIZE;
      s0 += value * (N[at] ?? 0);
      s1 += value * (N[at + 1] ?? 0);
      s2 += value * (N[at + 2] ?? 0);
      s3 += value * (N[at + 3] ?? 0);
      s4 += value * (N[at + 4] ?? 0);
      s5 += value * (N[at + 5] ?? 0);
      s6 += value * (N[at + 6] ?? 0);
      s7 += value * (N[at + 7] ?? 0);
    }
    target[to] = s0;
    target[to + 1] = s1;
    target[to + 2] = s2;
    target[to + 3] = s3;
    target[to + 4] = s4;
    target[to + 5] = s5;
    target[to + 6] = s6;
    target[to + 7] = s7;
  }
}

/** Times q: each vector has a sign in one of q rows. */
function squares(values: Float64Array): Float64Array {
  const sums = new Float64Array(SKETCH_SIZE);
  for (let i = 0; i < values.length; i++)
    sums[i % SKETCH_SIZE] = (sums[i % SKETCH_SIZE] ?? 0) + SKETCH_SIZE * (values[i] ?? 0) ** 2;
  return sums;
}
