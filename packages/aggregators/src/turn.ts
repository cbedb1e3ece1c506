/** New factors of the same product in one tier, as parties that hold the old A can follow: A becomes T A. */
import {
  combine,
  frobeniusNorm,
  identity,
  multiply,
  multiplyTransposedRight,
  qr,
  rotateDown,
  rotationSize,
  transpose,
} from "@fedtune/core";
import type { LowRank, Matrix } from "@fedtune/core";
import { pairPlaces, readMatrix, readPair, writePair } from "./module-pairs.ts";
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
  const places = pairPlaces(layout);
  const old = places.map((place) => readPair(values, place));
  const wanted = old.map((pair) => refactorise(pair, split));
  const rotation = packed(old.map(({ down }, m) => turnTo(wanted[m]?.down ?? down, down)));
  const next = values.slice();
  const turnable = rotation.length === rotationSize(layout) && rotation.every(Number.isFinite);
  if (turnable) rotateDown(layout, next, rotation);
  const missed = places.map(({ down }, m) => missedBy(readMatrix(next, down), wanted[m]?.down));
  const followed = turnable && Math.max(0, ...missed) <= MOST_MISSED;
  let [drift, orthogonality] = [0, 0];
  for (const [m, place] of places.entries()) {
    const [before, target] = [old[m], wanted[m]];
    if (before === undefined || target === undefined) continue;
    if (!followed) next.set(target.down.data, place.down.offset);
    const down = readMatrix(next, place.down);
    writePair(next, place, { up: fitted(before, down), down });
    drift = Math.max(drift, shareOutside(down, before.down));
    orthogonality = Math.max(orthogonality, distanceFromOrthonormal(down));
  }
  const turned = { ...tier, values: next };
  return { tier: turned, rotation: followed ? rotation : null, drift, orthogonality };
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

function packed(matrices: readonly Matrix[]): Float32Array {
  return Float32Array.from(matrices.flatMap(({ data }) => [...data]));
}

/** Largest distance of a row of A to that of `wanted`, over the latter's length. */
function missedBy(A: Matrix, wanted: Matrix = A): number {
  let most = 0;
  for (let i = 0; i < A.rows; i++) {
    let [distance, length] = [0, 0];
    for (let j = i * A.cols; j < (i + 1) * A.cols; j++) {
      const value = wanted.data[j] ?? 0;
      distance += ((A.data[j] ?? 0) - value) ** 2;
      length += value ** 2;
    }
    if (distance > 0) most = Math.max(most, Math.sqrt(distance / length));
  }
  return most;
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
