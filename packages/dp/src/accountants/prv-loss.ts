/**
 * The privacy loss of one step, ln(p / q) under p, for a pair (p, q) of output distributions that dominates every
 * neighbouring pair: its moments, and the masses of its cells on a grid.
 *
 * Poisson-sampled Gaussian, in units of the clip norm (Zhu, Dong, Wang 2022, arXiv 2106.08567; dp_accounting):
 * add-or-remove-one and zero-out have p = (1 - r) N(0) + r N(1) and q = N(0); replace-one has q = (1 - r) N(0) + r N(-1).
 * The opposite direction swaps p and q, which turns the loss's sign.
 */
import type { NeighbouringRelation } from "../events.ts";
import { erfc, logSumExp } from "../special.ts";
import type { SampledComponent } from "./components.ts";

/** The loss of one mechanism, which is applied `steps` times. */
export interface PrivacyLoss {
  readonly steps: number;
  /** ln of the moment of p / q of an exponent under q; null where it is not known to full precision. */
  readonly logMoment: (exponent: number) => number | null;
  /** Variances of the two directions' losses, the smaller first. */
  readonly variances: readonly [number, number];
  /** Smallest and largest loss, but for the mass of {@link LOST_MASS} in all steps together. */
  readonly range: readonly [number, number];
  /** Masses between neighbouring multiples of `step`; the outermost cells hold all the rest. */
  readonly cells: (step: number) => LossCells;
}

/** Cell i lies between the losses (first + i) step and (first + i + 1) step. */
export interface LossCells {
  readonly first: number;
  /** Mass under p. */
  readonly p: Float64Array;
  /** Mass under q. */
  readonly q: Float64Array;
}

/** Mass beyond the range of the losses, over all steps of a mechanism. */
export const LOST_MASS = 1e-13;

/** Deviations that leave less than the lost mass of all steps on either side. */
function reachOf(steps: number): number {
  return Math.sqrt(2 * Math.log(steps / LOST_MASS));
}

/** The loss of Gaussian releases with a signal (sensitivity over deviation): normal, both directions alike. */
export function gaussianLoss(signal: number): PrivacyLoss {
  const variance = signal * signal;
  const mean = variance / 2;
  const reach = reachOf(1) * signal;
  return {
    steps: 1,
    logMoment: (exponent) => exponent * (exponent - 1) * mean,
    variances: [variance, variance],
    range: [-mean - reach, mean + reach],
    cells: (step) => {
      const first = Math.floor((-mean - reach) / step);
      const edges = edgesFrom(first, Math.ceil((mean + reach) / step), (k) => k * step);
      return {
        first,
        p: normalMasses(edges, { mean, deviation: signal }),
        q: normalMasses(edges, { mean: -mean, deviation: signal }),
      };
    },
  };
}

/** The loss of a Poisson-sampled Gaussian. */
export function poissonLoss(part: SampledComponent, relation: NeighbouringRelation): PrivacyLoss {
  const pair = relation === "replace-one" ? replacingPair(part) : removingPair(part);
  const { noiseMultiplier: deviation, samplingRate: rate, steps } = part;
  const reach = reachOf(steps) * deviation;
  const lowest = pair.opposite === null ? -reach : -reach - 1;
  const range = [pair.lossAt(lowest), pair.lossAt(1 + reach)] as const;
  const nodes = createNodes(pair, deviation);
  const variances = [varianceOf(nodes, 0), varianceOf(nodes, 1)] as const;
  return {
    steps,
    logMoment: remembered((exponent) => logMomentOf(nodes, exponent)),
    variances: variances[0] < variances[1] ? variances : [variances[1], variances[0]],
    range,
    cells: (step) => {
      const first = Math.floor(range[0] / step);
      const edges = edgesFrom(first, Math.ceil(range[1] / step), (k) => pair.outputAt(k * step));
      const idle = normalMasses(edges, { mean: 0, deviation });
      const p = mixed(idle, normalMasses(edges, { mean: 1, deviation }), rate);
      if (pair.opposite === null) return { first, p, q: idle };
      return {
        first,
        p,
        q: mixed(idle, normalMasses(edges, { mean: pair.opposite, deviation }), rate),
      };
    },
  };
}

/** A dominating pair; the loss rises with the output. */
interface Pair {
  readonly lossAt: (output: number) => number;
  /** The inverse of `lossAt`; infinite where no output has the loss. */
  readonly outputAt: (loss: number) => number;
  /** ln of q's density relative to N(0)'s. */
  readonly logDensity: (output: number) => number;
  /** Mean of q's sampled part; null where q is N(0) alone. */
  readonly opposite: number | null;
}

function removingPair({ samplingRate, noiseMultiplier }: SampledComponent): Pair {
  const variance = noiseMultiplier * noiseMultiplier;
  return {
    lossAt: (output) => logMixture(samplingRate, (output - 0.5) / variance),
    outputAt: (loss) => variance * logUnmixed(samplingRate, loss) + 0.5,
    logDensity: () => 0,
    opposite: null,
  };
}

function replacingPair({ samplingRate, noiseMultiplier }: SampledComponent): Pair {
  const variance = noiseMultiplier * noiseMultiplier;
  const logOdds = Math.log1p(-samplingRate) - Math.log(samplingRate) + 0.5 / variance;
  const logDensity = (output: number) => logMixture(samplingRate, (-output - 0.5) / variance);
  return {
    lossAt: (output) => logMixture(samplingRate, (output - 0.5) / variance) - logDensity(output),
    outputAt: (loss) => variance * (loss / 2 + asinhOfSinh(logOdds, loss / 2)),
    logDensity,
    opposite: -1,
  };
}

/** ln(1 - rate + rate e^exponent). */
function logMixture(rate: number, exponent: number): number {
  if (exponent < 30) return Math.log1p(rate * Math.expm1(exponent));
  return Math.log(rate) + exponent + Math.log1p(((1 - rate) / rate) * Math.exp(-exponent));
}

/** The exponent of {@link logMixture}; minus infinity below ln(1 - rate). */
function logUnmixed(rate: number, loss: number): number {
  if (loss > 30) return loss - Math.log(rate) + Math.log1p((rate - 1) * Math.exp(-loss));
  const ratio = Math.expm1(loss) / rate;
  return ratio <= -1 ? -Infinity : Math.log1p(ratio);
}

/** asinh(e^scale sinh(x)), without overflow. */
function asinhOfSinh(scale: number, x: number): number {
  const size = Math.abs(x);
  if (size === 0) return 0;
  const log = scale + (size > 20 ? size - Math.LN2 : Math.log(Math.sinh(size)));
  const value = log > 20 ? log + Math.LN2 : Math.asinh(Math.exp(log));
  return x < 0 ? -value : value;
}

function edgesFrom(first: number, last: number, at: (k: number) => number): Float64Array {
  const edges = new Float64Array(last - first + 1);
  for (let i = 0; i < edges.length; i++) edges[i] = at(first + i);
  edges[0] = -Infinity;
  edges[edges.length - 1] = Infinity;
  return edges;
}

interface Normal {
  readonly mean: number;
  readonly deviation: number;
}

/** Masses of a normal between rising edges; each difference is taken between the smaller tails. */
function normalMasses(edges: Float64Array, { mean, deviation }: Normal): Float64Array {
  const scale = Math.SQRT1_2 / deviation;
  const masses = new Float64Array(edges.length - 1);
  let belowBefore = true;
  let tailBefore = 0;
  for (let i = 0; i < masses.length; i++) {
    const z = ((edges[i + 1] ?? 0) - mean) * scale;
    const tail = 0.5 * erfc(Math.abs(z));
    if (z < 0) masses[i] = tail - tailBefore;
    else masses[i] = belowBefore ? 1 - tailBefore - tail : tailBefore - tail;
    belowBefore = z < 0;
    tailBefore = tail;
  }
  return masses;
}

function mixed(idle: Float64Array, sampled: Float64Array, rate: number): Float64Array {
  const masses = new Float64Array(idle.length);
  for (let i = 0; i < masses.length; i++) {
    masses[i] = (1 - rate) * (idle[i] ?? 0) + rate * (sampled[i] ?? 0);
  }
  return masses;
}

/** Nodes of the trapezoidal rule over outputs, weighted by q; see rdp-poisson.ts for why it is exact. */
interface Nodes {
  readonly loss: Float64Array;
  readonly logWeight: Float64Array;
  readonly scratch: Float64Array;
  /** Exponents up to this size, either sign, keep their mass inside the nodes. */
  readonly mostExponent: number;
}

/** Nodes spent on tilted moments, and on the distribution itself. */
const TILTED_NODES = 1500;
const MOST_NODES = 20_000;

function createNodes({ lossAt, logDensity, opposite }: Pair, deviation: number): Nodes {
  const variance = deviation * deviation;
  const step = Math.min(deviation / 3, variance / 2.5);
  // An exponent k moves the mass k clip norms up, or 2 k either way when q is sampled too.
  const reach = 2 + 12 * deviation;
  const mostExponent = Math.min(
    2000 * deviation,
    (step * TILTED_NODES) / (opposite === null ? 1 : 4),
  );
  const above = Math.ceil((reach + (opposite === null ? 1 : 2) * mostExponent) / step);
  const below = opposite === null ? Math.ceil(reach / step) : above;
  const count = above + below > MOST_NODES ? 0 : above + below + 1;
  const loss = new Float64Array(count);
  const logWeight = new Float64Array(count);
  const logScale = Math.log(step / (deviation * Math.sqrt(2 * Math.PI)));
  for (let i = 0; i < count; i++) {
    const output = (i - below) * step;
    loss[i] = lossAt(output);
    logWeight[i] = logScale - (output * output) / (2 * variance) + logDensity(output);
  }
  return { loss, logWeight, scratch: new Float64Array(count), mostExponent };
}

/** The window is looked for twice, at the same exponents. */
function remembered(compute: (x: number) => number | null): (x: number) => number | null {
  const known = new Map<number, number | null>();
  return (x) => {
    const found = known.get(x);
    if (found !== undefined) return found;
    const value = compute(x);
    known.set(x, value);
    return value;
  };
}

function logMomentOf(nodes: Nodes, exponent: number): number | null {
  const { loss, logWeight, scratch, mostExponent } = nodes;
  if (loss.length === 0 || Math.abs(exponent) > mostExponent) return null;
  for (let i = 0; i < loss.length; i++) {
    scratch[i] = (logWeight[i] ?? 0) + exponent * (loss[i] ?? 0);
  }
  return logSumExp(scratch);
}

/** Variance of the loss under q (tilt 0) or p (tilt 1). */
function varianceOf({ loss, logWeight }: Nodes, tilt: 0 | 1): number {
  let [mass, first, second] = [0, 0, 0];
  for (let i = 0; i < loss.length; i++) {
    const value = loss[i] ?? 0;
    const weight = Math.exp((logWeight[i] ?? 0) + tilt * value);
    mass += weight;
    first += weight * value;
    second += weight * value * value;
  }
  return mass === 0 ? 0 : second / mass - (first / mass) ** 2;
}
