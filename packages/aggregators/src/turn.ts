/** New factors of the same product in one tier, as parties that hold the old A can follow: A becomes T A. */
import {
  combine,
  frobeniusNorm,
  identity,
  multiply,
  multiplyTransposedRight,
  rotateDown,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";
import { pairPlaces, readMatrix, readPair, writePair } from "./module-pairs.ts";
import type { PairPlace } from "./module-pairs.ts";
import { refactorise } from "./refactorise.ts";
import type { Refactorised, SingularSplit } from "./refactorise.ts";
import { ridgeFit } from "./residual-fit.ts";
import type { AdapterTier } from "./tiers.ts";

/** A tier with new factors. */
export interface TurnedTier {
  readonly tier: AdapterTier;
  /** T of every module, packed; null where A cannot be reached that way. */
  readonly rotation: Float32Array | null;
  /** Largest share of a new A outside of the old one's row space. */
  readonly drift: number;
  /** Largest ||A A^T - I||. */
  readonly orthogonality: number;
}

/** A row of T A may miss its place by this share of its length; float32 alone takes about 1e-7. */
const MOST_MISSED = 1e-5;

/**
 * Refactorises every pair of a tier.
 *
 * With A* the factor that {@link refactorise} gives, T = A* A^T (A A^T)^-1 `[r, r]`, rounded to float32, and the next A
 * is what {@link rotateDown} makes of it, so that server and clients hold the same bits. Each T undoes the rounding of the
 * ones before it: A does not leave A* as turns follow one another. Where a row lands too far from A* (an A of dependent
 * rows), A* itself is the next A, and there is no rotation. B minimises ||B A - (old product)||, in float64: what float32
 * took from A is not lost to the product.
 */
export function turnedTier(tier: AdapterTier, split: SingularSplit): TurnedTier {
  const { layout, values } = tier;
  const turns = pairPlaces(layout).map((place): Turn => {
    const old = readPair(values, place);
    return { place, old, wanted: refactorise(old, split) };
  });
  const rotation = packedTurns(turns);
  const next = values.slice();
  rotateDown(layout, next, rotation);
  const followed = turns.every(({ place, wanted }) =>
    landsAt(readMatrix(next, place.down), wanted.down),
  );
  if (!followed) {
    for (const { place, wanted } of turns) next.set(wanted.down.data, place.down.offset);
  }
  let [drift, orthogonality] = [0, 0];
  for (const { place, old, wanted } of turns) {
    const down = readMatrix(next, place.down);
    const gram = multiplyTransposedRight(down, down);
    writePair(next, place, { up: fittedUp(old, { down, gram }), down });
    drift = Math.max(drift, shareOutside({ down, gram }, wanted.space));
    orthogonality = Math.max(orthogonality, distanceFromIdentity(gram));
  }
  const turned = { ...tier, values: next };
  return { tier: turned, rotation: followed ? rotation : null, drift, orthogonality };
}

/** One module on its way from its old pair to the A that it shall have. */
interface Turn {
  readonly place: PairPlace;
  readonly old: LowRank;
  readonly wanted: Refactorised;
}

/** A factor A and A A^T. */
interface WithGram {
  readonly down: Matrix;
  readonly gram: Matrix;
}

/** Every module's T, with T A closest to the wanted factor. */
function packedTurns(turns: readonly Turn[]): Float32Array {
  const rotations = turns.map(({ wanted: { gram, overlap } }) =>
    ridgeFit({ gram, misfit: overlap }, 0),
  );
  const packed = new Float32Array(rotations.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of rotations) {
    packed.set(data, at);
    at += data.length;
  }
  return packed;
}

/** B with B A closest to the product of `before`. */
export function fittedUp(before: LowRank, { down, gram }: WithGram): Matrix {
  const onto = ridgeFit({ gram, misfit: multiplyTransposedRight(before.down, down) }, 0);
  return multiply(before.up, onto);
}

/** Whether every row of A is where `wanted` has it; never for a NaN. */
function landsAt(A: Matrix, wanted: Matrix): boolean {
  for (let i = 0; i < A.rows; i++) {
    let [missed, length] = [0, 0];
    for (let j = i * A.cols; j < (i + 1) * A.cols; j++) {
      const value = wanted.data[j] ?? 0;
      missed += ((A.data[j] ?? 0) - value) ** 2;
      length += value ** 2;
    }
    if (!(missed <= MOST_MISSED ** 2 * length)) return false;
  }
  return true;
}

/** ||A - A P|| / ||A|| with P the projection on the rows of `space`; below 1e-8 it is that or less. */
function shareOutside({ down, gram }: WithGram, space: Matrix): number {
  const inside = frobeniusNorm(multiplyTransposedRight(down, space)) ** 2;
  const all = trace(gram);
  return Math.sqrt(Math.max(0, 1 - inside / all));
}

/** ||A A^T - I||. */
function distanceFromIdentity(gram: Matrix): number {
  return frobeniusNorm(combine(1, gram, { beta: -1, B: identity(gram.rows) }));
}

function trace({ rows, cols, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * cols + i] ?? 0;
  return sum;
}
