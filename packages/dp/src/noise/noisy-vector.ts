/** How vectors are clipped, summed up and perturbed together: on reals, or on integers in the hardened mode. */
import { flatClip } from "../clip/flat.ts";
import { integerClip } from "../clip/integer.ts";
import type { Clipper } from "../clip/clipper.ts";
import { perGroupClip } from "../clip/per-group.ts";
import type { ClipGroup } from "../clip/per-group.ts";
import { discreteGaussianNoise } from "./discrete-gaussian.ts";
import { addNoise, gaussianNoise, releaseGrid } from "./gaussian.ts";
import { integerGrid, leaveGrid } from "./integer-grid.ts";
import type { GridRequest } from "./integer-grid.ts";
import type { Keystream } from "./keystream.ts";

/** One sum's arithmetic. */
export interface NoisyVector {
  readonly clipper: Clipper;
  /** Noise for one sum, `[length]`; to be drawn before data is touched. */
  draw(keystream: Keystream): Float64Array;
  /** Adds noise to a sum, in place, and rounds it to a grid that does not depend on data; in the addends' units. */
  release(sum: Float64Array, noise: Float64Array): Float64Array;
}

/** What is clipped to which norm, with how much noise. */
export interface NoisyVectorRequest extends Omit<GridRequest, "bits"> {
  /** Integers and discrete Gaussian noise. */
  readonly hardened: boolean;
  /** Parts with clip norms of their own, on reals only; null: one norm over the whole vector. */
  readonly groups?: readonly ClipGroup[] | null;
}

/** The arithmetic of one sum. */
export function noisyVector(request: NoisyVectorRequest): NoisyVector {
  return request.hardened ? onIntegers(request) : onReals(request);
}

function onReals({
  clipNorm,
  noiseMultiplier,
  length,
  groups = null,
}: NoisyVectorRequest): NoisyVector {
  const clipper = groups === null ? flatClip({ clipNorm }) : perGroupClip(groups, length);
  const standardDeviation = noiseMultiplier * clipper.sensitivity;
  const grid = releaseGrid(clipNorm);
  return {
    clipper,
    draw: (keystream) => gaussianNoise(keystream, { length, standardDeviation }),
    release: (sum, noise) => addNoise(sum, noise, { grid }),
  };
}

function onIntegers({ clipNorm, noiseMultiplier, length }: NoisyVectorRequest): NoisyVector {
  const grid = integerGrid({ clipNorm, noiseMultiplier, length });
  const { standardDeviation } = grid;
  return {
    clipper: integerClip(grid),
    draw: (keystream) => discreteGaussianNoise(keystream, { length, standardDeviation }),
    release: (sum, noise) => leaveGrid(addNoise(sum, noise, { grid: 1 }), grid),
  };
}
