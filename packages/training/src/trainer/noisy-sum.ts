/** One private step's sum: noise drawn first, then clipped example gradients added to it, then released. */
import type { FactorRole, Layout } from "@fedtune/core";
import { groupsByRole, noisyVector, openNoisyBits } from "@fedtune/dp";
import type {
  ClipCounts,
  Keystream,
  NoisyBits,
  NoisyVector,
  RecordLevelPrivacy,
  StepNoise,
} from "@fedtune/dp";

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

/** Draws all noise of a step; data is touched only by what is returned. */
export function openNoisySum(plan: SumPlan, clipNorm: number): NoisySum {
  const vector = vectorOf(plan, clipNorm);
  const { clipper } = vector;
  const noise = vector.draw(plan.keystream);
  const bits = bitsOf(plan, clipNorm);
  const sum = new Float64Array(plan.layout.size);
  return {
    counts: clipper.counts,
    add(gradient) {
      const norm = clipper.addTo(sum, gradient);
      bits?.count(norm);
    },
    release: () => ({ sum: vector.release(sum, noise), clipNorm: bits?.next() ?? clipNorm }),
  };
}

function vectorOf({ settings, stepNoise, layout, roles }: SumPlan, clipNorm: number): NoisyVector {
  const { hardened, grouping } = settings;
  const { noiseMultiplier } = stepNoise;
  const groups = grouping === "flat" ? null : groupsByRole(layout, roles, { clipNorm });
  return noisyVector({ clipNorm, noiseMultiplier, length: layout.size, hardened, groups });
}

/** Null without adaptive clipping. */
function bitsOf(plan: SumPlan, clipNorm: number): NoisyBits | null {
  const { settings, stepNoise, batchSize, keystream } = plan;
  const { adaptiveClipping, hardened, clipNorm: firstClipNorm } = settings;
  const { bitDeviation } = stepNoise;
  if (adaptiveClipping === null || bitDeviation === null) return null;
  const adaptation = { ...adaptiveClipping, expectedCohort: batchSize };
  return openNoisyBits({ adaptation, bitDeviation, hardened, firstClipNorm }, clipNorm, keystream);
}
