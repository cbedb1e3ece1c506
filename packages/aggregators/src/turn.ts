/** New factors of the same product in one tier, as parties that hold the old A can follow: A becomes T A. */
import {
  combine,
  frobeniusNorm,
  identity,
  multiply,
  multiplyTransposedRight,
  qr,
  rotateDown,
  transpose,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";
import { pairPlaces, readMatrix, readPair, writePair } from "./module-pairs.ts";
import type { PairPlace } from "./module-pairs.ts";
import { refactorise } from "./refactorise.ts";
import type { SingularSplit } from "./refactorise.ts";
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
    return { place, old, wanted: refactorise(old, split).down };
  });
  const rotation = Float32Array.from(
    turns.flatMap(({ old, wanted }) => [...turnTo(wanted, old.down).data]),
  );
  const next = values.slice();
  rotateDown(layout, next, rotation);
  const followed = turns.every(({ place, wanted }) =>
    landsAt(readMatrix(next, place.down), wanted),
  );
  if (!followed) for (const { place, wanted } of turns) next.set(wanted.data, place.down.offset);
  let [drift, orthogonality] = [0, 0];
  for (const { place, old } of turns) {
    const down = readMatrix(next, place.down);
    writePair(next, place, { up: fitted(old, down), down });
    drift = Math.max(drift, shareOutside(down, old.down));
    orthogonality = Math.max(orthogonality, distanceFromOrthonormal(down));
  }
  const turned = { ...tier, values: next };
  return { tier: turned, rotation: followed ? rotation : null, drift, orthogonality };
}

/** One module on its way from its old pair to the A that it shall have. */
interface Turn {
  readonly place: PairPlace;
  readonly old: LowRank;
  readonly wanted: Matrix;
}

/** T with T A closest to `wanted`. */
function turnTo(wanted: Matrix, A: Matrix): Matrix {
  const gram = multiplyTransposedRight(A, A);
  return ridgeFit({ gram, misfit: multiplyTransposedRight(wanted, A) }, 0);
}

/** B with B A closest to the product of `before`. */
function fitted(before: LowRank, A: Matrix): Matrix {
  const gram = multiplyTransposedRight(A, A);
  const misfit = multiply(before.up, multiplyTransposedRight(before.down, A));
  return ridgeFit({ gram, misfit }, 0);
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

/** ||A - A P|| / ||A|| with P the projection on the row space of `space`. */
function shareOutside(A: Matrix, space: Matrix): number {
  const { Q } = qr(transpose(space));
  const inside = multiplyTransposedRight(multiply(A, Q), Q);
  return frobeniusNorm(combine(1, A, { beta: -1, B: inside })) / frobeniusNorm(A);
}

/** ||A A^T - I||. */
function distanceFromOrthonormal(A: Matrix): number {
  const gram = multiplyTransposedRight(A, A);
  return frobeniusNorm(combine(1, gram, { beta: -1, B: identity(A.rows) }));
}
