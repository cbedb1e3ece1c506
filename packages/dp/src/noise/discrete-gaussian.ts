import type { Draws } from "./draws.ts";
import { drawsFrom } from "./draws.ts";
import { exactCoins } from "./exact-coins.ts";
import type { ExactCoins } from "./exact-coins.ts";
import type { NoiseRequest } from "./gaussian.ts";
import type { Keystream } from "./keystream.ts";

/** Largest deviation of integer noise: its square is still an exact float64. */
export const largestDeviation = 2 ** 26;

/**
 * Exact samples of the discrete Gaussian: P[y] proportional to exp(-y^2 / (2 variance)) over all integers.
 *
 * Algorithm 3 of Canonne, Kamath and Steinke, arXiv 2004.00010: a discrete Laplace of scale t = floor(sigma) + 1 is
 * accepted with probability exp(-(|y| - variance/t)^2 / (2 variance)). Integers and rationals alone decide.
 * How long a draw takes depends on its value: draw whole vectors before data is touched (arXiv 2112.05307).
 *
 * @param variance `numerator / denominator`, both integers in [1, 2^52]
 */
export function discreteGaussian(
  draws: Draws,
  variance: { readonly numerator: number; readonly denominator: number },
): () => number {
  const { numerator: n, denominator: d } = variance;
  if (![n, d].every((part) => Number.isInteger(part) && part >= 1 && part <= 2 ** 52)) {
    throw new RangeError(`Cannot draw at variance ${n}/${d}: wanted integers in [1, 2^52]`);
  }
  const t = Math.floor(Math.sqrt(n / d)) + 1;
  const coins = exactCoins(draws);
  const laplace = discreteLaplace(draws, coins, t);
  let magnitude = 0;
  // gamma = (|y| - n/(d t))^2 / (2 n/d) = (|y| d t - n)^2 / (2 n d t^2)
  const exact = () => {
    const distance = BigInt(magnitude) * BigInt(d) * BigInt(t) - BigInt(n);
    return {
      numerator: distance * distance,
      denominator: 2n * BigInt(n) * BigInt(d) * BigInt(t) ** 2n,
    };
  };
  const divisor = 2 * n * d * t * t;
  return () => {
    for (;;) {
      const y = laplace();
      magnitude = Math.abs(y);
      const product = magnitude * d * t;
      const distance = product - n;
      // Beyond 2^53 the difference of the two is no longer exact.
      const near = product < 2 ** 53 ? (distance * distance) / divisor : Infinity;
      if (coins.expMinus(near, exact)) return y;
    }
  };
}

/** Algorithm 2 of the same paper with s = 1: P[y] proportional to exp(-|y| / t) over all integers. */
function discreteLaplace(draws: Draws, coins: ExactCoins, t: number): () => number {
  let offset = 0;
  const exact = () => ({ numerator: BigInt(offset), denominator: BigInt(t) });
  return () => {
    for (;;) {
      offset = draws.below(t);
      if (!coins.expMinus(offset / t, exact)) continue;
      let y = offset;
      while (coins.expMinusOne()) y += t;
      const isNegative = draws.uint32() % 2 === 1;
      if (!isNegative) return y;
      // Zero would be counted twice.
      if (y !== 0) return -y;
    }
  };
}

/**
 * A whole vector of discrete Gaussian noise, `[length]`, integers held exactly in float64; drawn before data is touched.
 *
 * @throws RangeError unless the deviation is an integer in [1, {@link largestDeviation}] and the length a count
 */
export function discreteGaussianNoise(keystream: Keystream, request: NoiseRequest): Float64Array {
  const { length, standardDeviation } = request;
  const isInRange = standardDeviation >= 1 && standardDeviation <= largestDeviation;
  if (!Number.isInteger(standardDeviation) || !isInRange) {
    throw new RangeError(
      `Cannot draw integer noise of deviation ${standardDeviation}: wanted an integer in [1, 2^26]`,
    );
  }
  const numerator = standardDeviation * standardDeviation;
  const draw = discreteGaussian(drawsFrom(keystream), { numerator, denominator: 1 });
  const noise = new Float64Array(length);
  for (let i = 0; i < length; i++) noise[i] = draw();
  return noise;
}
