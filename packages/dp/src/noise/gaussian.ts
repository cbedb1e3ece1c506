import type { Keystream } from "./keystream.ts";

/** How much noise, and for how many values. */
export interface NoiseRequest {
  readonly length: number;
  /** In the units of the sum that it is added to: noiseMultiplier * clipNorm. */
  readonly standardDeviation: number;
}

const TWO_TO_MINUS_53 = 2 ** -53;
const WORDS_PER_PAIR = 16;
const PAIRS_PER_BLOCK = 1024;

/**
 * A whole vector of normal noise in float64, `[length]`, to be drawn before the data is touched, so that how long it
 * takes cannot depend on the data.
 *
 * Every value is the sum of four independent normals of the wanted deviation, halved (Holohan and Braghin, "Secure random
 * sampling in differential privacy", arXiv 2107.10138, n = 2): the low bits of one Box-Muller draw give the noise away,
 * guessing four takes 2^159 trials. Uniforms have 53 bits and the one under the logarithm is never 0.
 *
 * @throws RangeError when the length is not a count or the deviation not a finite number >= 0
 */
export function gaussianNoise(keystream: Keystream, request: NoiseRequest): Float64Array {
  const { length, standardDeviation } = request;
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`Cannot draw ${length} values of noise: wanted a count`);
  }
  if (!Number.isFinite(standardDeviation) || standardDeviation < 0) {
    throw new RangeError(`Cannot draw noise of deviation ${standardDeviation}: wanted >= 0`);
  }
  const noise = new Float64Array(length);
  const pairs = Math.ceil(length / 2);
  const words = new Uint32Array(WORDS_PER_PAIR * Math.min(PAIRS_PER_BLOCK, pairs));
  for (let first = 0; first < pairs; first += PAIRS_PER_BLOCK) {
    const count = Math.min(PAIRS_PER_BLOCK, pairs - first);
    keystream.fill(words.subarray(0, WORDS_PER_PAIR * count));
    writePairs(noise.subarray(2 * first), words, { count, scale: standardDeviation / 2 });
  }
  words.fill(0);
  return noise;
}

/** Writes pairs of sums of four Box-Muller draws; the four of one sum stem from four different pairs of uniforms. */
function writePairs(
  out: Float64Array,
  words: Uint32Array,
  { count, scale }: { readonly count: number; readonly scale: number },
): void {
  for (let pair = 0; pair < count; pair++) {
    let even = 0;
    let odd = 0;
    const end = WORDS_PER_PAIR * (pair + 1);
    for (let at = end - WORDS_PER_PAIR; at < end; at += 4) {
      const radius = Math.sqrt(-2 * Math.log((bits53(words, at) + 1) * TWO_TO_MINUS_53));
      const angle = 2 * Math.PI * TWO_TO_MINUS_53 * bits53(words, at + 2);
      even += radius * Math.cos(angle);
      odd += radius * Math.sin(angle);
    }
    out[2 * pair] = even * scale;
    // Past the end of a vector of odd length, where a typed array ignores it.
    out[2 * pair + 1] = odd * scale;
  }
}

/** A uniform integer in [0, 2^53) out of two words. */
function bits53(words: Uint32Array, at: number): number {
  return ((words[at] ?? 0) >>> 5) * 0x400_0000 + ((words[at + 1] ?? 0) >>> 6);
}

/** The grid that a noisy sum is rounded to: the power of two at or below clipNorm * 2^-`bits`, so that rounding is exact. */
export function releaseGrid(clipNorm: number, bits = 20): number {
  if (!Number.isFinite(clipNorm) || clipNorm <= 0) {
    throw new RangeError(`Cannot choose a grid for clipNorm ${clipNorm}: wanted > 0`);
  }
  return 2 ** (Math.floor(Math.log2(clipNorm)) - bits);
}

/**
 * Adds noise to a sum in place and rounds every value to a multiple of `grid`; returns the sum.
 *
 * What is released lies on a grid that does not depend on the data, so its low bits say nothing about the addends.
 */
export function addNoise(
  sum: Float64Array,
  noise: Float64Array,
  { grid }: { readonly grid: number },
): Float64Array {
  if (sum.length !== noise.length) {
    throw new RangeError(`Cannot add ${noise.length} values of noise to ${sum.length} values`);
  }
  const perUnit = 1 / grid;
  for (let i = 0; i < sum.length; i++) {
    // Adding 0 makes -0 plain: its sign would be a bit below the grid.
    sum[i] = Math.round(((sum[i] ?? 0) + (noise[i] ?? 0)) * perUnit) * grid + 0;
  }
  return sum;
}
