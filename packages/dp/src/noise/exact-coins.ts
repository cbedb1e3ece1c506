/**
 * Coins whose probabilities are exact: rational, or e to the power of minus a rational.
 *
 * Canonne, Kamath, Steinke, "The discrete Gaussian for differential privacy", arXiv 2004.00010, algorithm 1. A coin of
 * probability p compares a uniform real, revealed bit by bit, with p: 53 bits against a float64 that is close to p
 * nearly always decide, and only when they do not is p itself consulted, as integers. No probability is ever rounded.
 */
import { bits53 } from "./draws.ts";
import type { Draws } from "./draws.ts";

/** A rational number >= 0. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Coins of exact probabilities over a stream of draws. */
export interface ExactCoins {
  /** True with probability e^-1. */
  expMinusOne(): boolean;
  /**
   * True with probability e^-gamma.
   *
   * @param near gamma to within 2^-40, or Infinity when no float64 is known to be that close
   * @param exact gamma itself; asked rarely
   */
  expMinus(near: number, exact: () => Ratio): boolean;
}

/** A float64 handed over as `near` may be off by so much. */
const SLACK = 2 ** -40;
/** Above this a float64's own spacing comes close to {@link SLACK}. */
const LARGEST_NEAR = 512;
const BITS = 53;
const TWO_TO_53 = 2 ** BITS;

/** Coins over a stream of draws. */
export function exactCoins(draws: Draws): ExactCoins {
  const expMinusOne = (): boolean => {
    // The first coin of the series, of probability 1/1, always shows heads.
    let k = 2;
    while (draws.below(k) === 0) k += 1;
    return k % 2 === 1;
  };
  /** e^-gamma for gamma in [0, 1]: von Neumann's alternating series. */
  const expMinusFraction = (near: number, exact: () => Ratio): boolean => {
    let k = 1;
    while (fractionOver(draws, { near, divisor: k }, exact)) k += 1;
    return k % 2 === 1;
  };
  return {
    expMinusOne,
    expMinus(near, exact) {
      const whole = near <= LARGEST_NEAR ? Math.floor(near) : -1;
      const rest = near - whole;
      const isClear = rest < 1 - 2 * SLACK && (whole === 0 || (whole > 0 && rest > 2 * SLACK));
      if (isClear) {
        for (let i = 0; i < whole; i++) if (!expMinusOne()) return false;
        return expMinusFraction(rest, whole === 0 ? exact : () => without(exact(), BigInt(whole)));
      }
      const gamma = exact();
      const floor = gamma.numerator / gamma.denominator;
      for (let i = 0n; i < floor; i++) if (!expMinusOne()) return false;
      const fraction = without(gamma, floor);
      return expMinusFraction(toNumber(fraction), () => fraction);
    },
  };
}

/** True with probability gamma / divisor, for gamma in [0, 1]. */
function fractionOver(
  draws: Draws,
  { near, divisor }: { readonly near: number; readonly divisor: number },
  exact: () => Ratio,
): boolean {
  const revealed = bits53(draws);
  const uniform = revealed / TWO_TO_53;
  const probability = near / divisor;
  if (uniform < probability - 2 * SLACK) return true;
  if (uniform > probability + 2 * SLACK) return false;
  return undecided(draws, revealed, scaled(exact(), BigInt(divisor)));
}

/** The bits so far leave it open: reveals the rest against 2^53 p - revealed, clamped to [0, 1]. */
function undecided(draws: Draws, revealed: number, p: Ratio): boolean {
  const remaining = (p.numerator << BigInt(BITS)) - BigInt(revealed) * p.denominator;
  return remaining > 0n && uniformBelow(draws, p.denominator) < remaining;
}

/** A uniform integer in [0, n), by rejection. */
function uniformBelow(draws: Draws, n: bigint): bigint {
  const bits = (n - 1n).toString(2).length;
  for (;;) {
    let value = 0n;
    for (let drawn = 0; drawn < bits; drawn += 32) value = (value << 32n) | BigInt(draws.uint32());
    value = BigInt.asUintN(bits, value);
    if (value < n) return value;
  }
}

function scaled({ numerator, denominator }: Ratio, divisor: bigint): Ratio {
  return { numerator, denominator: denominator * divisor };
}

function without({ numerator, denominator }: Ratio, whole: bigint): Ratio {
  return { numerator: numerator - whole * denominator, denominator };
}

/** The ratio to within 2^-52, for ratios in [0, 1]. */
function toNumber({ numerator, denominator }: Ratio): number {
  return Number((numerator << BigInt(BITS)) / denominator) / TWO_TO_53;
}
