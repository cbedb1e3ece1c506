/**
 * Renyi divergence of the Gaussian mechanism on a sample of fixed size without replacement, replace-one.
 *
 * Source: Wang, Balle, Kasiviswanathan 2019 (arXiv 1808.00087) theorem 27. With the mechanism's moments
 * M(x) = E[(p/q)^x] = exp(x (x - 1) / 2 sigma^2), the sum over j = 2..a of binomial(a, j) rate^j times the smaller of
 * 4 sqrt(B(j even below) B(j even above)) and 2 M(j), where B(l) = E[(p/q - 1)^l] at even l.
 *
 * Departures: B is the trapezoidal rule on its own integral, which is nowhere negative, instead of alternating
 * differences of M; at j = 2 the two bounds coincide with the theorem's. Beyond j = 256, and wherever it is the smaller
 * in any case, 2 M(j) stands alone: also a bound of the theorem. Between integer orders ln A is interpolated, as it is
 * convex.
 */
import { log1pExp, logBinomial, logSumExp } from "../special.ts";
import type { SampledGaussian } from "./rdp-poisson.ts";

/** Largest exponent for which the moments B are computed. */
const MOST_DIFFERENCE = 256;
const REACH = 12;

/** The Renyi divergence of one step at every order above 1; sensitivity 1. */
export function fixedSizeDivergences(
  mechanism: SampledGaussian,
  orders: readonly number[],
): Float64Array {
  const bounds = logTermBounds(mechanism.noise, Math.ceil(Math.max(...orders)));
  const cache = new Map<number, number>();
  const at = (order: number): number => {
    const known = cache.get(order) ?? logMoment(mechanism.samplingRate, order, bounds);
    cache.set(order, known);
    return known;
  };
  return Float64Array.from(orders, (order) => {
    const [below, above] = [Math.floor(order), Math.ceil(order)];
    const part = order - below;
    return ((1 - part) * at(below) + part * at(above)) / (order - 1);
  });
}

function logMoment(samplingRate: number, order: number, bounds: Float64Array): number {
  if (order === 1) return 0;
  const terms = new Float64Array(order + 1).fill(-Infinity);
  for (let j = 2; j <= order; j++) {
    const logChoices = logBinomial(order, j);
    terms[j] = logChoices + j * Math.log(samplingRate) + (bounds[j] ?? Infinity);
  }
  return log1pExp(logSumExp(terms));
}

/** ln of the smaller bound for every j. */
function logTermBounds(noise: number, largest: number): Float64Array {
  const logM = (j: number) => (j * (j - 1)) / (2 * noise * noise);
  const even = evenMoments(noise, Math.min(largest, MOST_DIFFERENCE));
  const bounds = new Float64Array(largest + 1);
  for (let j = 2; j <= largest; j++) {
    const cap = Math.LN2 + logM(j);
    const [low, high] = [even[Math.floor(j / 2)], even[Math.ceil(j / 2)]];
    const difference =
      low === undefined || high === undefined ? Infinity : Math.log(4) + 0.5 * (low + high);
    bounds[j] = Math.min(cap, difference);
  }
  return bounds;
}

/** ln B(2 m) at index m, for 2 m up to `largest`, as far as it can be the smaller bound. */
function evenMoments(noise: number, largest: number): Float64Array {
  const variance = noise * noise;
  // B(l) / M(l) is about (1 - exp(-l / sigma^2))^l: beyond this l it is above a half, and four times B(l) no use.
  const useful = Math.min(largest, 2 * Math.ceil(3 * variance + 4));
  const step = noise / 6;
  const count = Math.ceil((useful + 2 * REACH * noise) / step) + 1;
  const logDistance = new Float64Array(count);
  const logWeight = new Float64Array(count);
  const logScale = Math.log(step / (noise * Math.sqrt(2 * Math.PI)));
  for (let i = 0; i < count; i++) {
    const x = -REACH * noise + i * step;
    const exponent = (x - 0.5) / variance;
    logDistance[i] = exponent > 600 ? exponent : Math.log(Math.abs(Math.expm1(exponent)));
    logWeight[i] = logScale - (x * x) / (2 * variance);
  }
  const scratch = new Float64Array(count);
  return Float64Array.from({ length: Math.floor(useful / 2) + 1 }, (_, m) => {
    for (let i = 0; i < count; i++) {
      scratch[i] = (logWeight[i] ?? 0) + (m === 0 ? 0 : 2 * m * (logDistance[i] ?? 0));
    }
    return logSumExp(scratch);
  });
}
