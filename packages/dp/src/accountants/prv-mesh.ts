/** Where the sum of all privacy losses lies, and the grid on which it is composed. */
import { FedtuneError } from "@fedtune/core";
import { LOST_MASS } from "./prv-loss.ts";
import type { PrivacyLoss } from "./prv-loss.ts";

/** Mass of the composed loss outside its window, in each direction. */
export const WINDOW_MASS = 1e-13;

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

/** By what share of the sum's variance the grid may widen it: wanted, accepted at a usual size, and at most. */
const widening = { wanted: 2e-5, usual: 1e-3, most: 0.02 } as const;

/**
 * The grid for a list of losses. Its step is small against the deviation of one loss, since splitting a mass between two
 * grid points adds up to a sixth of the step squared to the variance of each step.
 *
 * @throws FedtuneError `config-conflict` when no grid of bounded size does
 */
export function meshFor(losses: readonly PrivacyLoss[]): Mesh {
  const steps = total(losses, (loss) => loss.steps);
  const variance = total(losses, (loss) => loss.steps * loss.variance);
  const widest = windows(losses, { variance, step: 0 });
  const width = Math.max(
    widest.forward[1] - widest.forward[0],
    widest.backward[1] - widest.backward[0],
  );
  const sizeFor = (share: number) =>
    powerOfTwo((width * 1.02) / Math.sqrt((6 * share * variance) / steps));
  const size = Math.min(
    Math.max(LEAST_SIZE, Math.min(USUAL_SIZE, sizeFor(widening.wanted))),
    MOST_SIZE,
  );
  const enough = Math.max(size, sizeFor(widening.usual));
  const bounded = Math.min(enough, MOST_SIZE);
  if (
    !(variance > 0) ||
    sizeFor(widening.most) > MOST_SIZE ||
    bounded * losses.length > MOST_POINTS
  ) {
    throw tooLarge(losses, steps);
  }
  return fitted(losses, { size: bounded, steps, variance, width });
}

interface Draft {
  readonly size: number;
  readonly steps: number;
  readonly variance: number;
  readonly width: number;
}

/** Widens the window until it also holds what splitting adds to the sum. */
export function fitted(losses: readonly PrivacyLoss[], { size, steps, variance, width }: Draft): Mesh {
  let step = (width * 1.02) / size;
  for (;;) {
    const { forward, backward } = windows(losses, { variance, step });
    const needed = Math.max(forward[1] - forward[0], backward[1] - backward[0]) / (size - 4);
    if (needed <= step) {
      const [from, opposite] = [forward[0], backward[0]].map((at) => Math.floor(at / step) - 1);
      return { step, size, steps, forward: from ?? 0, backward: opposite ?? 0 };
    }
    step = needed * 1.01;
  }
}

type Window = readonly [number, number];

interface Spread {
  readonly variance: number;
  readonly step: number;
}

/** Windows of both directions' sums, by Chernoff's bound or by the range of every single loss. */
function windows(
  losses: readonly PrivacyLoss[],
  spread: Spread,
): { readonly forward: Window; readonly backward: Window } {
  const steps = total(losses, (loss) => loss.steps);
  const low = total(losses, ({ range, ...loss }) => loss.steps * range[0]) - steps * spread.step;
  const high = total(losses, ({ range, ...loss }) => loss.steps * range[1]) + steps * spread.step;
  const bound = (exponentOf: (slope: number) => number) =>
    chernoff(losses, { ...spread, steps, exponentOf });
  return {
    forward: [
      Math.max(low, -bound((slope) => 1 - slope)),
      Math.min(
        high,
        bound((slope) => 1 + slope),
      ),
    ],
    backward: [
      Math.max(-high, -bound((slope) => slope)),
      Math.min(
        -low,
        bound((slope) => -slope),
      ),
    ],
  };
}

interface ChernoffOptions extends Spread {
  readonly steps: number;
  /** The exponent of p / q whose moment under q is the sum's at a slope. */
  readonly exponentOf: (slope: number) => number;
}

/**
 * The smallest t found with mass of at most half the window's beyond it. A split loss is at most one step from the
 * exact one, so that Hoeffding's lemma adds (slope^2 + slope) step^2 / 8 for every step.
 */
function chernoff(
  losses: readonly PrivacyLoss[],
  { variance, step, steps, exponentOf }: ChernoffOptions,
): number {
  const logMass = Math.log(2 / WINDOW_MASS);
  let best = Infinity;
  for (let k = 0; k < 24; k++) {
    const slope = (0.25 * 1.3 ** k) / Math.sqrt(variance);
    let exponent = (steps * (slope * slope + slope) * step * step) / 8;
    for (const loss of losses) {
      exponent += loss.steps * (loss.logMoment(exponentOf(slope)) ?? Infinity);
    }
    best = Math.min(best, (exponent + logMass) / slope);
  }
  return best;
}

/** What the window, the range of single losses and rounding may add to a delta. */
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
