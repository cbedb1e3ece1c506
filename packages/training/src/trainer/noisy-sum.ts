/** One private step's sum: noise drawn first, then clipped example gradients added to it, then released. */
import type { FactorRole, Layout } from "@fedtune/core";
import {
  addNoise,
  clippedBit,
  discreteGaussianNoise,
  flatClip,
  gaussianNoise,
  groupsByRole,
  integerClip,
  integerGrid,
  leaveGrid,
  nextClipNorm,
  perGroupClip,
  releaseGrid,
} from "@fedtune/dp";
import type { ClipCounts, Clipper, Keystream, RecordLevelPrivacy, StepNoise } from "@fedtune/dp";

/** What stays the same from step to step. */
export interface SumPlan {
  readonly settings: Pick<
    RecordLevelPrivacy,
    "clipNorm" | "adaptiveClipping" | "grouping" | "hardened"
  >;
  /** How much noise, relative to what one example can change. */
  readonly stepNoise: StepNoise;
  /** The trained factors alone, packed. */
  readonly layout: Layout;
  readonly roles: readonly FactorRole[];
  /** Public divisor of bits: examples expected per step. */
  readonly batchSize: number;
  readonly keystream: Keystream;
}

/** The sum of one step, once. */
export interface NoisySum {
  /** What was clipped; private facts. */
  readonly counts: ClipCounts;
  /** Adds one clipped gradient `[layout.size]`; one that is not finite adds nothing. Never throws over values. */
  add(gradient: Float32Array): void;
  /** The sum with its noise, on a grid that does not depend on data, and the clip norm of the next step. */
  release(): { readonly sum: Float64Array; readonly clipNorm: number };
}

/** Units of the grid that a noisy sum of bits is on, per bit. */
const BIT_UNITS = 2 ** 12;
/** How far the clip norm may move from where a round starts: far beyond use, and nothing over- or underflows. */
const WIDEST = 2 ** 20;

/** Draws all noise of a step; data is touched only by what is returned. */
export function openNoisySum(plan: SumPlan, clipNorm: number): NoisySum {
  const vector = plan.settings.hardened
    ? integerVector(plan, clipNorm)
    : realVector(plan, clipNorm);
  const bitNoise = drawBitNoise(plan);
  const sum = new Float64Array(plan.layout.size);
  let bits = 0;
  return {
    counts: vector.clipper.counts,
    add(gradient) {
      bits += clippedBit(vector.clipper.addTo(sum, gradient), clipNorm);
    },
    release() {
      return { sum: vector.release(sum), clipNorm: adapted(plan, clipNorm, bits + bitNoise) };
    },
  };
}

/** The next clip norm, from a noisy sum of bits; the same one without adaptive clipping. */
function adapted({ settings, batchSize }: SumPlan, clipNorm: number, noisyBits: number): number {
  const { adaptiveClipping, clipNorm: start } = settings;
  if (adaptiveClipping === null) return clipNorm;
  const onGrid = Math.round(noisyBits * BIT_UNITS) / BIT_UNITS;
  const next = nextClipNorm(clipNorm, onGrid, { ...adaptiveClipping, expectedCohort: batchSize });
  return Math.min(start * WIDEST, Math.max(start / WIDEST, next));
}

/** A clipper with the noise that goes with it. */
interface NoisyVector {
  readonly clipper: Clipper;
  release(sum: Float64Array): Float64Array;
}

/** Gaussian noise in float64; what is released is rounded to a fixed grid. */
function realVector(plan: SumPlan, clipNorm: number): NoisyVector {
  const { settings, stepNoise, layout, roles, keystream } = plan;
  const clipper =
    settings.grouping === "flat"
      ? flatClip({ clipNorm })
      : perGroupClip(groupsByRole(layout, roles, { clipNorm }), layout.size);
  const standardDeviation = stepNoise.noiseMultiplier * clipper.sensitivity;
  const noise = gaussianNoise(keystream, { length: layout.size, standardDeviation });
  return { clipper, release: (sum) => addNoise(sum, noise, { grid: releaseGrid(clipNorm) }) };
}

/** Discrete Gaussian noise on integers, for the hardened mode. */
function integerVector({ stepNoise, layout, keystream }: SumPlan, clipNorm: number): NoisyVector {
  const { noiseMultiplier } = stepNoise;
  const grid = integerGrid({ clipNorm, noiseMultiplier, length: layout.size });
  const { standardDeviation } = grid;
  const noise = discreteGaussianNoise(keystream, { length: layout.size, standardDeviation });
  return {
    clipper: integerClip(grid),
    release: (sum) => leaveGrid(addNoise(sum, noise, { grid: 1 }), grid),
  };
}

/** Noise of the sum of bits; in the hardened mode an integer number of units, and never less than planned. */
function drawBitNoise({ settings, stepNoise, keystream }: SumPlan): number {
  const { bitDeviation } = stepNoise;
  if (bitDeviation === null) return 0;
  if (!settings.hardened)
    return gaussianNoise(keystream, { length: 1, standardDeviation: bitDeviation })[0] ?? 0;
  const standardDeviation = Math.ceil(bitDeviation * BIT_UNITS);
  const [units = 0] = discreteGaussianNoise(keystream, { length: 1, standardDeviation });
  return units / BIT_UNITS;
}
