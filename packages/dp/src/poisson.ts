import { bits53 } from "./noise/draws.ts";
import type { Draws } from "./noise/draws.ts";

/** A population and the rate at which each of its members enters a sample. */
export interface PoissonSampling {
  readonly populationSize: number;
  /** In [0, 1]; public, and fixed before anything is drawn. */
  readonly samplingRate: number;
}

const BITS = 53;

/**
 * One Poisson sample: each of `populationSize` units on its own with probability exactly `samplingRate`; indices in
 * ascending order, possibly none. Any other way of making batches is not what the accountants count.
 *
 * The rate is c * 2^-j with c in [1/2, 1). Words of fair bits, j of them combined by AND, choose 32 candidates at a time
 * at rate 2^-j, mostly after about seven words however small the rate is; a candidate stays with probability c, a
 * comparison of 53-bit integers. So the probability is the float64 to its last bit, no logarithm is involved, and a seed
 * gives the same sample on every platform.
 *
 * @throws RangeError when the size is not an index range of 32 bits or the rate not in [0, 1]
 */
export function poissonSample(
  { populationSize, samplingRate }: PoissonSampling,
  draws: Draws,
): Uint32Array {
  if (!Number.isInteger(populationSize) || populationSize < 0 || populationSize > 2 ** 32 - 1) {
    throw new RangeError(`Cannot sample from ${populationSize} units: wanted a 32-bit count`);
  }
  if (!(samplingRate >= 0 && samplingRate <= 1)) {
    throw new RangeError(`Cannot sample at rate ${samplingRate}: wanted a number in [0, 1]`);
  }
  if (samplingRate === 0) return new Uint32Array(0);
  if (samplingRate === 1) return Uint32Array.from({ length: populationSize }, (_, index) => index);
  const { halvings, threshold } = split(samplingRate);
  const chosen: number[] = [];
  for (let first = 0; first < populationSize; first += 32) {
    let candidates = thinned(draws, halvings);
    while (candidates !== 0) {
      const bit = 31 - Math.clz32(candidates & -candidates);
      candidates &= candidates - 1;
      const index = first + bit;
      if (index < populationSize && bits53(draws) < threshold) chosen.push(index);
    }
  }
  return Uint32Array.from(chosen);
}

/** What gradient sums are divided by: a public constant, where the size of a sample is private. */
export function expectedBatchSize({ populationSize, samplingRate }: PoissonSampling): number {
  return populationSize * samplingRate;
}

/** rate = threshold * 2^-(53 + halvings), with a threshold in [2^52, 2^53); exact for every float64 in (0, 1). */
function split(rate: number): { readonly halvings: number; readonly threshold: number } {
  let halvings = 0;
  let scaled = rate;
  while (scaled < 0.5) {
    scaled *= 2;
    halvings += 1;
  }
  return { halvings, threshold: scaled * 2 ** BITS };
}

/** Each bit set with probability 2^-halvings. */
function thinned(draws: Draws, halvings: number): number {
  let bits = -1;
  for (let i = 0; i < halvings && bits !== 0; i++) bits &= draws.uint32();
  return bits;
}
