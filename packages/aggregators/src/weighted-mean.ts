import { FedtuneError } from "@fedtune/core";

/** A running weighted mean of equally long vectors: weighted sums in float64, `[size]`. */
export interface WeightedMean {
  readonly sums: Float64Array;
  weight: number;
  count: number;
}

/** A mean of nothing yet. */
export function emptyMean(size: number): WeightedMean {
  return { sums: new Float64Array(size), weight: 0, count: 0 };
}

/**
 * Adds one vector, in place. A vector of weight zero is counted and never read, so not even its NaN can leak.
 *
 * Sums depend on the order of calls in their last bits: callers feed updates in participant order.
 *
 * @throws FedtuneError `shape-mismatch` when `values` is not `[size]`
 * @throws RangeError when `weight` is negative or not finite
 */
export function addToMean(mean: WeightedMean, values: Float32Array, weight: number): void {
  if (values.length !== mean.sums.length) throw wrongSize(values.length, mean.sums.length);
  if (counted(mean, weight)) addScaled(mean.sums, values, weight);
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
  const { sums } = mean;
  if (values.length !== support.length) throw wrongSize(values.length, support.length);
  const last = support[support.length - 1] ?? -1;
  if (last >= sums.length) throw wrongSize(last + 1, sums.length);
  if (!counted(mean, weight)) return;
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
  return mean.sums.map((sum) => sum / mean.weight);
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
 * `sums += scale * values`: the server's hot path. Eight lanes per step, because the engine does not unroll by itself;
 * `?? 0` is free, both indices are in range.
 */
function addScaled(sums: Float64Array, values: Float32Array, scale: number): void {
  const whole = sums.length - (sums.length % 8);
  let i = 0;
  for (; i < whole; i += 8) {
    sums[i] = (sums[i] ?? 0) + scale * (values[i] ?? 0);
    sums[i + 1] = (sums[i + 1] ?? 0) + scale * (values[i + 1] ?? 0);
    sums[i + 2] = (sums[i + 2] ?? 0) + scale * (values[i + 2] ?? 0);
    sums[i + 3] = (sums[i + 3] ?? 0) + scale * (values[i + 3] ?? 0);
    sums[i + 4] = (sums[i + 4] ?? 0) + scale * (values[i + 4] ?? 0);
    sums[i + 5] = (sums[i + 5] ?? 0) + scale * (values[i + 5] ?? 0);
    sums[i + 6] = (sums[i + 6] ?? 0) + scale * (values[i + 6] ?? 0);
    sums[i + 7] = (sums[i + 7] ?? 0) + scale * (values[i + 7] ?? 0);
  }
  for (; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + scale * (values[i] ?? 0);
}

function wrongSize(size: number, expected: number): FedtuneError {
  return new FedtuneError(
    "shape-mismatch",
    `Cannot average an update of ${String(size)} values, expected ${String(expected)}`,
    { data: { size, expected } },
  );
}
