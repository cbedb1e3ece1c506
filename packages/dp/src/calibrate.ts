/** The noise that a plan needs to stay within a budget, given what is spent already. */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { Accountant, EpsilonResult } from "./accountants/accountant.ts";
import type { NeighbouringRelation, PrivacyEvent } from "./events.ts";

/** A budget. */
export interface PrivacyTarget {
  readonly epsilon: number;
  readonly delta: number;
}

/** What is to be calibrated. */
export interface NoiseSearch {
  readonly accountant: Accountant;
  readonly relation: NeighbouringRelation;
  /** Rows that the budget has paid for already. */
  readonly spent?: readonly PrivacyEvent[];
  /** What is still to be done, at a noise multiplier. */
  readonly plan: (noiseMultiplier: number) => readonly PrivacyEvent[];
  readonly target: PrivacyTarget;
}

/** The noise found, and what spent and planned rows cost together with it. */
export interface CalibratedNoise {
  readonly noiseMultiplier: number;
  readonly result: EpsilonResult;
}

/** Smallest and largest noise multiplier that are looked at. */
const RANGE = { least: 0.05, most: 2 ** 20 * 0.05 } as const;
/** The noise returned is less than this share above one that is too small. */
const TOLERANCE = 5e-4;

/**
 * The smallest noise multiplier, to a tenth of a percent, whose cost stays within the target: by doubling, then bisecting,
 * on the accountant's upper bound. What it returns is on the private side; if its least noise is private already, that.
 * Noise so small that the accountant refuses it counts as too small.
 *
 * @throws FedtuneError `config-conflict` when what is spent exceeds the target, or no noise suffices
 */
export function calibrateNoise(search: NoiseSearch): CalibratedNoise {
  const { accountant, relation, spent = [], plan, target } = search;
  const costOf = (events: readonly PrivacyEvent[]) =>
    accountant.compose({ relation, events }).epsilon(target.delta);
  refuseOverspent(costOf(spent), target);
  const tryNoise = (noiseMultiplier: number): CalibratedNoise | null => {
    const result = costOf([...spent, ...plan(noiseMultiplier)]);
    return result.upper <= target.epsilon ? { noiseMultiplier, result } : null;
  };
  let low = 0;
  let best = tryNoise(1);
  for (let noise = 2; best === null && noise <= RANGE.most; noise *= 2) {
    low = noise / 2;
    best = tryNoise(noise);
  }
  if (best === null) throw unreachable(costOf(spent), target);
  while (low === 0 && best.noiseMultiplier > RANGE.least) {
    const half = Math.max(RANGE.least, best.noiseMultiplier / 2);
    const found = orNull(() => tryNoise(half));
    if (found === null) low = half;
    else best = found;
  }
  while (low > 0 && best.noiseMultiplier > low * (1 + TOLERANCE)) {
    const middle = Math.sqrt(low * best.noiseMultiplier);
    const found = orNull(() => tryNoise(middle));
    if (found === null) low = middle;
    else best = found;
  }
  return best;
}

function orNull<Found>(attempt: () => Found): Found | null {
  try {
    return attempt();
  } catch (error) {
    if (isFedtuneError(error, "config-conflict")) return null;
    throw error;
  }
}

function refuseOverspent(already: EpsilonResult, target: PrivacyTarget): void {
  if (already.upper <= target.epsilon) return;
  throw new FedtuneError(
    "config-conflict",
    `Cannot plan within epsilon ${target.epsilon} at delta ${target.delta}: epsilon ${already.upper.toPrecision(6)} is ` +
      `already spent; wanted a larger epsilon, or no further releases`,
    { data: { target, spent: already.upper } },
  );
}

function unreachable(already: EpsilonResult, target: PrivacyTarget): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot stay within epsilon ${target.epsilon} at delta ${target.delta} with a noise multiplier up to ${RANGE.most}: ` +
      `epsilon ${already.upper.toPrecision(6)} is already spent; wanted a larger epsilon, fewer steps or a lower rate`,
    { data: { target, spent: already.upper } },
  );
}
