/** The noisy sum of clipped bits of one step or round, and the clip norm that follows from it. */
import { discreteGaussianNoise } from "../noise/discrete-gaussian.ts";
import { gaussianNoise } from "../noise/gaussian.ts";
import type { Keystream } from "../noise/keystream.ts";
import { clippedBit, nextClipNorm } from "./adaptive.ts";
import type { ClipAdaptation } from "./adaptive.ts";

/** How the bits are summed up. */
export interface BitPlan {
  readonly adaptation: ClipAdaptation;
  /** Deviation of the noise on the sum of bits. */
  readonly bitDeviation: number;
  readonly hardened: boolean;
  /** The clip norm that the run started with. */
  readonly firstClipNorm: number;
}

/** One sum of bits. */
export interface NoisyBits {
  /** Counts one unit by its norm before clipping. */
  count(norm: number): void;
  /** The next clip norm. */
  next(): number;
}

/** Units of the grid that a noisy sum of bits is on, per bit. */
const BIT_UNITS = 2 ** 12;
/** How far the clip norm may move from where the run started: far beyond use, and nothing over- or underflows. */
const WIDEST = 2 ** 20;

/** Draws the noise of one sum of bits; data is touched only by what is returned. */
export function openNoisyBits(plan: BitPlan, clipNorm: number, keystream: Keystream): NoisyBits {
  const { adaptation, firstClipNorm: first } = plan;
  const noise = drawNoise(plan, keystream);
  let bits = 0;
  return {
    count(norm) {
      bits += clippedBit(norm, clipNorm);
    },
    next() {
      const onGrid = Math.round((bits + noise) * BIT_UNITS) / BIT_UNITS;
      const next = nextClipNorm(clipNorm, onGrid, adaptation);
      return Math.min(first * WIDEST, Math.max(first / WIDEST, next));
    },
  };
}

/** In the hardened mode an integer number of units, and never less noise than planned. */
function drawNoise({ bitDeviation, hardened }: BitPlan, keystream: Keystream): number {
  if (!hardened)
    return gaussianNoise(keystream, { length: 1, standardDeviation: bitDeviation })[0] ?? 0;
  const standardDeviation = Math.ceil(bitDeviation * BIT_UNITS);
  const [units = 0] = discreteGaussianNoise(keystream, { length: 1, standardDeviation });
  return units / BIT_UNITS;
}
