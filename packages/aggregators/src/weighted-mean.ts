import { FedtuneError } from "@fedtune/core";

/** A running weighted mean of equally long vectors. */
export interface WeightedMean {
  /** Weighted sums in float64, `[size]`, without what waits: {@link sumsOf} has all. */
  readonly added: Float64Array;
  /** A vector that is added together with the next one: the sums are then read and written once for both. */
  waiting: Weighted | null;
  weight: number;
  count: number;
}

interface Weighted {
  readonly values: Float32Array;
  readonly weight: number;
}

/** A mean of nothing yet. */
export function emptyMean(size: number): WeightedMean {
  return { added: new Float64Array(size), waiting: null, weight: 0, count: 0 };
}

/**
 * Adds one vector, in place; its values must not change before the sums are read. A vector of weight zero is counted and
 * never read, so not even its NaN can leak.
 *
 * Sums depend on the order of calls in their last bits: callers feed updates in participant order.
 *
 * @throws FedtuneError `shape-mismatch` when `values` is not `[size]`
 * @throws RangeError when `weight` is negative or not finite
 */
export function addToMean(mean: WeightedMean, values: Float32Array, weight: number): void {
  const { added, waiting: first } = mean;
  if (values.length !== added.length) throw wrongSize(values.length, added.length);
  if (!counted(mean, weight)) return;
  const second = { values, weight };
  if (first !== null) addPair(added, first, second);
  mean.waiting = first === null ? second : null;
}

/** The weighted sums so far, `[size]`; later additions may change them. */
export function sumsOf(mean: WeightedMean): Float64Array {
  const { added, waiting } = mean;
  if (waiting !== null) addOne(added, waiting);
  mean.waiting = null;
  return added;
}

/**
 * As {@link addToMean}, of a vector that is zero but at the ascending positions of its support.
 *
 * @throws FedtuneError `shape-mismatch` when positions and values are not equally many, or lie beyond `[size]`
 * @throws RangeError when `weight` is negative or not finite
 */
export function addSparseToMean(
  mean: WeightedMean,
  { support, values }: { readonly support: Uint32Array; readonly values: Float32Array },
  weight: number,
): void {
  const size = mean.added.length;
  if (values.length !== support.length) throw wrongSize(values.length, support.length);
  const last = support[support.length - 1] ?? -1;
  if (last >= size) throw wrongSize(last + 1, size);
  if (!counted(mean, weight)) return;
  const sums = sumsOf(mean);
  for (let i = 0; i < support.length; i++) {
    const at = support[i] ?? 0;
    sums[at] = (sums[at] ?? 0) + weight * (values[i] ?? 0);
  }
}

/** Counts one vector; whether it weighs anything. */
function counted(mean: WeightedMean, weight: number): boolean {
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(
      `Cannot average with weight ${String(weight)}: wanted a finite number >= 0`,
    );
  }
  mean.count += 1;
  mean.weight += weight;
  return weight > 0;
}

/**
 * The mean so far, `[size]`.
 *
 * @throws FedtuneError `no-updates`, `zero-weight`, `not-finite`
 */
export function readMean(mean: WeightedMean): Float64Array {
  checkWeight(mean);
  return sumsOf(mean).map((sum) => sum / mean.weight);
}

/**
 * Refuses to divide by nothing.
 *
 * @throws FedtuneError `no-updates` when nothing was added, `zero-weight` when all weights were zero, `not-finite` when
 * their sum is too large for a number
 */
export function checkWeight({ count, weight }: Pick<WeightedMean, "count" | "weight">): void {
  if (count === 0) {
    throw new FedtuneError("no-updates", "Cannot average 0 updates, wanted at least 1");
  }
  if (weight === 0) {
    throw new FedtuneError(
      "zero-weight",
      `Cannot average ${String(count)} updates whose weights sum to 0, wanted a positive sum`,
      { data: { updates: count } },
    );
  }
  if (weight < Infinity) return;
  throw new FedtuneError(
    "not-finite",
    `Cannot average ${String(count)} updates whose weights sum to ${String(weight)}, wanted a finite sum`,
    { data: { updates: count } },
  );
}

/**
 * `sums += v a`, then `sums += w b`: the server's hot path. Two vectors in one pass and eight values a step, because the engine
 * does not unroll by itself; `?? 0` is free, all indices are in range.
 */
function addPair(
  sums: Float64Array,
  { values: a, weight: v }: Weighted,
  { values: b, weight: w }: Weighted,
): void {
  const whole = sums.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    sums[i] = (sums[i] ?? 0) + v * (a[i] ?? 0) + w * (b[i] ?? 0);
    sums[i + 1] = (sums[i + 1] ?? 0) + v * (a[i + 1] ?? 0) + w * (b[i + 1] ?? 0);
    sums[i + 2] = (sums[i + 2] ?? 0) + v * (a[i + 2] ?? 0) + w * (b[i + 2] ?? 0);
    sums[i + 3] = (sums[i + 3] ?? 0) + v * (a[i + 3] ?? 0) + w * (b[i + 3] ?? 0);
    sums[i + 4] = (sums[i + 4] ?? 0) + v * (a[i + 4] ?? 0) + w * (b[i + 4] ?? 0);
    sums[i + 5] = (sums[i + 5] ?? 0) + v * (a[i + 5] ?? 0) + w * (b[i + 5] ?? 0);
    sums[i + 6] = (sums[i + 6] ?? 0) + v * (a[i + 6] ?? 0) + w * (b[i + 6] ?? 0);
    sums[i + 7] = (sums[i + 7] ?? 0) + v * (a[i + 7] ?? 0) + w * (b[i + 7] ?? 0);
  }
  for (let i = whole; i < sums.length; i++)
    sums[i] = (sums[i] ?? 0) + v * (a[i] ?? 0) + w * (b[i] ?? 0);
}

/** `sums += w values`: the last of an odd number. */
function addOne(sums: Float64Array, { values, weight }: Weighted): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
}

function wrongSize(size: number, expected: number): FedtuneError {
  return new FedtuneError(
    "shape-mismatch",
    `Cannot average an update of ${String(size)} values, expected ${String(expected)}`,
    { data: { size, expected } },
  );
}
