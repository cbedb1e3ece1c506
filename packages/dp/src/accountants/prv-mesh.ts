/** Where the sum of all privacy losses lies, and the grid on which it is composed. */
import { FedtuneError } from "@fedtune/core";
import { LOST_MASS } from "./prv-loss.ts";
import type { PrivacyLoss } from "./prv-loss.ts";

/** Mass of the composed loss outside its window, in each direction. */
const WINDOW_MASS = 1e-13;

/** A grid of multiples of `step`; each direction's window begins at its own index. */
export interface Mesh {
  readonly step: number;
  /** Points of a window, a power of two. */
  readonly size: number;
  /** First index of the window of ln(p / q) under p. */
  readonly forward: number;
  /** First index of the window of ln(q / p) under q. */
  readonly backward: number;
  /** Steps of all losses together. */
  readonly steps: number;
}

const LEAST_SIZE = 2 ** 15;
/** Sizes up to here are taken for accuracy, above only where they are needed. */
const USUAL_SIZE = 2 ** 18;
const MOST_SIZE = 2 ** 20;
/** Points over all mechanisms: two transforms each. */
const MOST_POINTS = 2 ** 26;

/** Slopes tried in Chernoff's bound. */
const SLOPES = 48;
/** How often a window is widened before its grid counts as too coarse. */
const MOST_ATTEMPTS = 50;

/** What share splitting may add: wanted, accepted at a usual size, and at most. */
const widening = { wanted: 3e-5, usual: 1e-3, most: 0.05 } as const;

/**
 * The grid for a list of losses.
 *
 * Splitting a mass between two grid points adds up to a sixth of the step squared to the variance of each single loss,
 * and so to epsilon about the curve's slope times half of what is added in all. At a usual size that is kept a small share
 * of the sum's variance; a grid is accepted if it is one either of the variance or, at the window's upper end, of the loss.
 *
 * @throws FedtuneError `config-conflict` when no grid of bounded size does
 */
export function meshFor(losses: readonly PrivacyLoss[]): Mesh {
  const steps = total(losses, (loss) => loss.steps);
  const variance = total(losses, (loss) => loss.steps * loss.variances[0]);
  if (!(variance > 0)) throw tooLarge(losses, steps);
  const slopes = slopesFor(losses, variance);
  const widest = windows(losses, { slopes, step: 0 });
  const width = widthOf(widest);
  const sizeFor = (square: number) => powerOfTwo((width * 1.02) / Math.sqrt(square / steps));
  const byVariance = 6 * variance;
  const either = Math.max(byVariance, (12 * widest.forward[1]) / widest.slope);
  const fine = Math.min(USUAL_SIZE, sizeFor(widening.wanted * byVariance));
  const size = Math.min(MOST_SIZE, Math.max(LEAST_SIZE, fine, sizeFor(widening.usual * either)));
  if (sizeFor(widening.most * either) > MOST_SIZE || size * losses.length > MOST_POINTS) {
    throw tooLarge(losses, steps);
  }
  return fitted(losses, { size, steps, slopes, width });
}

interface Draft {
  readonly size: number;
  readonly steps: number;
  readonly slopes: readonly number[];
  readonly width: number;
}

/** Widens the window until it also holds what splitting adds to the sum. */
function fitted(losses: readonly PrivacyLoss[], { size, steps, slopes, width }: Draft): Mesh {
  let step = (width * 1.02) / size;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const both = windows(losses, { slopes, step });
    const needed = widthOf(both) / (size - 4);
    if (needed <= step) {
      const forward = Math.floor(both.forward[0] / step) - 1;
      const backward = Math.floor(both.backward[0] / step) - 1;
      return { step, size, steps, forward, backward };
    }
    step = needed * 1.01;
  }
  throw tooLarge(losses, steps);
}

type Window = readonly [number, number];

interface Windows {
  readonly forward: Window;
  readonly backward: Window;
  /** Slope of the bound at the forward window's upper end. */
  readonly slope: number;
}

function widthOf({ forward, backward }: Windows): number {
  return Math.max(forward[1] - forward[0], backward[1] - backward[0]);
}

/** Slopes to try in Chernoff's bound: those of rare large losses, which are about 1, and those of many small ones. */
function slopesFor(losses: readonly PrivacyLoss[], narrow: number): number[] {
  const wide = total(losses, (loss) => loss.steps * loss.variances[1]);
  const [least, most] = [Math.min(0.2, 0.25 / Math.sqrt(wide)), 100 / Math.sqrt(narrow)];
  return Array.from({ length: SLOPES }, (_, k) => least * (most / least) ** (k / (SLOPES - 1)));
}

interface Spread {
  readonly slopes: readonly number[];
  readonly step: number;
}

/** Windows of both directions' sums, by Chernoff's bound or by the range of every single loss. */
function windows(losses: readonly PrivacyLoss[], spread: Spread): Windows {
  const low = total(losses, ({ steps, range }) => steps * (range[0] - spread.step));
  const high = total(losses, ({ steps, range }) => steps * (range[1] + spread.step));
  // The moment of the sum at a slope, in each direction and at each end, is one of p / q under q.
  const forwardHigh = chernoff(losses, spread, (slope) => 1 + slope);
  const forwardLow = chernoff(losses, spread, (slope) => 1 - slope);
  const backwardHigh = chernoff(losses, spread, (slope) => -slope);
  const backwardLow = chernoff(losses, spread, (slope) => slope);
  return {
    forward: [Math.max(low, -forwardLow.bound), Math.min(high, forwardHigh.bound)],
    backward: [Math.max(-high, -backwardLow.bound), Math.min(-low, backwardHigh.bound)],
    slope: forwardHigh.slope,
  };
}

/**
 * The smallest bound found with at most half the window's mass beyond it, and its slope. A split loss is at most one step
 * from the exact one, so that Hoeffding's lemma adds (slope^2 + slope) step^2 / 8 for each.
 */
function chernoff(
  losses: readonly PrivacyLoss[],
  { slopes, step }: Spread,
  exponentOf: (slope: number) => number,
): { readonly bound: number; readonly slope: number } {
  const logMass = Math.log(2 / WINDOW_MASS);
  let best = { bound: Infinity, slope: Infinity };
  for (const slope of slopes) {
    const splitting = ((slope * slope + slope) * step * step) / 8;
    let exponent = logMass;
    for (const { steps, logMoment } of losses) {
      exponent += steps * ((logMoment(exponentOf(slope)) ?? Infinity) + splitting);
    }
    if (exponent === Infinity) break;
    if (exponent / slope < best.bound) best = { bound: exponent / slope, slope };
  }
  return best;
}

/**
 * What the window, the range of single losses and rounding may add to a delta. A power multiplies the relative rounding of
 * a spectrum; against exact Gaussian curves over 1e5 and 1e6 steps the tail was off by a seventh of this at most.
 */
export function meshError({ steps, size }: Mesh, mechanisms: number): number {
  const rounding = 2 ** -52 * (steps + Math.sqrt(size));
  return 2 * WINDOW_MASS + 2 * mechanisms * LOST_MASS + rounding;
}

function total<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)));
}

function tooLarge(losses: readonly PrivacyLoss[], steps: number): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot compose ${steps} steps of ${losses.length} mechanisms with the accountant prv: its grid would need more ` +
      `than ${MOST_SIZE} points each or ${MOST_POINTS} in all; wanted fewer steps, fewer mechanisms, more noise, or ` +
      `the accountant rdp`,
    { data: { steps, mechanisms: losses.length } },
  );
}
