/**
 * Renyi divergence of the Poisson-sampled Gaussian mechanism, add-or-remove-one.
 *
 * With u(x) = q (exp((2x - 1) / 2 sigma^2) - 1) and x normal with deviation sigma, the moment is
 * A(a) = E[(1 + u)^a] (Mironov, Talwar, Zhang 2019, arXiv 1908.10530, equation 1 of section 3.2), the divergence
 * ln A(a) / (a - 1), and its opposite direction is never larger (theorem 5 there).
 *
 * Departures: since E[u] = 0, what is computed is A(a) - 1 = E[(1 + u)^a - 1 - a u], whose integrand is nowhere negative,
 * so that no digits cancel at small rates. At integer orders that is the paper's sum with every exponential less one. At
 * other orders it is the trapezoidal rule instead of the paper's two alternating series: the integrand is analytic within
 * pi sigma^2 of the real line, hence the error falls exponentially with the number of nodes, and the nodes are shared by
 * all orders.
 */
import { log1pExp, logBinomial, logSumExp } from "../special.ts";

/** Below this noise, fractional orders are interpolated: ln A is convex in the order, so a chord is an upper bound. */
const LEAST_QUADRATURE_NOISE = 0.1;
/** Twelve deviations leave 1e-32. */
const REACH = 12;

/** A Poisson-sampled Gaussian mechanism; the rate is inside (0, 1), the noise relative to the sensitivity. */
export interface SampledGaussian {
  readonly samplingRate: number;
  readonly noise: number;
}

/** The Renyi divergence of one step at every order above 1; sensitivity 1. */
export function poissonDivergences(
  mechanism: SampledGaussian,
  orders: readonly number[],
): Float64Array {
  const fractional = orders.filter((order) => !Number.isInteger(order));
  const nodes =
    fractional.length === 0 || mechanism.noise < LEAST_QUADRATURE_NOISE
      ? null
      : createNodes(mechanism, Math.max(...fractional));
  return Float64Array.from(orders, (order) => {
    if (Number.isInteger(order)) return logMomentAtInteger(mechanism, order) / (order - 1);
    const logMoment =
      nodes === null ? logMomentByChord(mechanism, order) : logMomentByNodes(nodes, order);
    return logMoment / (order - 1);
  });
}

/** The sum over k >= 2 of binomial(a, k) (1-q)^(a-k) q^k (exp((k^2 - k) / 2 sigma^2) - 1). */
function logMomentAtInteger({ samplingRate, noise }: SampledGaussian, order: number): number {
  const [logRate, logRest] = [Math.log(samplingRate), Math.log1p(-samplingRate)];
  const terms = new Float64Array(order + 1).fill(-Infinity);
  for (let k = 2; k <= order; k++) {
    const exponent = ((k - 1) / noise) * (k / noise) * 0.5;
    const logExpm1 = exponent > 36 ? exponent : Math.log(Math.expm1(exponent));
    const logChoices = logBinomial(order, k);
    terms[k] = logChoices + (order - k) * logRest + k * logRate + logExpm1;
  }
  return log1pExp(logSumExp(terms));
}

/** An upper bound between two integer orders; ln A is 0 at order 1. */
function logMomentByChord(mechanism: SampledGaussian, order: number): number {
  const below = Math.floor(order);
  const part = order - below;
  const low = below === 1 ? 0 : logMomentAtInteger(mechanism, below);
  return (1 - part) * low + part * logMomentAtInteger(mechanism, below + 1);
}

interface Nodes {
  readonly u: Float64Array;
  /** ln(1 + u). */
  readonly log: Float64Array;
  /** ln of the normal density times the step. */
  readonly logWeight: Float64Array;
  readonly scratch: Float64Array;
}

function createNodes({ samplingRate, noise }: SampledGaussian, largest: number): Nodes {
  const variance = noise * noise;
  const step = Math.min(noise / 3, variance / 2.5);
  const from = -REACH * noise;
  const count = Math.ceil((largest + 2 * REACH * noise) / step) + 1;
  const [u, log, logWeight] = [0, 1, 2].map(() => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const logScale = Math.log(step / (noise * Math.sqrt(2 * Math.PI)));
  for (let i = 0; i < count; i++) {
    const x = from + i * step;
    const exponent = (x - 0.5) / variance;
    const excess = samplingRate * Math.expm1(exponent);
    u[i] = excess;
    log[i] = exponent > 600 ? Math.log(samplingRate) + exponent : Math.log1p(excess);
    logWeight[i] = logScale - (x * x) / (2 * variance);
  }
  return { u, log, logWeight, scratch: new Float64Array(count) };
}

/** ln A by quadrature. */
function logMomentByNodes({ u, log, logWeight, scratch }: Nodes, order: number): number {
  for (let i = 0; i < u.length; i++) {
    scratch[i] = (logWeight[i] ?? 0) + logExcess(order, u[i] ?? 0, log[i] ?? 0);
  }
  return log1pExp(logSumExp(scratch));
}

/** ln((1 + u)^a - 1 - a u); `log` is ln(1 + u). */
function logExcess(order: number, u: number, log: number): number {
  if (Math.abs(order * u) < 0.02) return Math.log(binomialTail(order, u));
  const exponent = order * log;
  return exponent > 40 ? exponent : Math.log(Math.expm1(exponent) - order * u);
}

/** The binomial series of (1 + u)^a from the square on, where a u is small. */
function binomialTail(order: number, u: number): number {
  let term = order * u;
  let sum = 0;
  for (let k = 2; k <= 9; k++) {
    term *= ((order - k + 1) / k) * u;
    sum += term;
  }
  return sum;
}
