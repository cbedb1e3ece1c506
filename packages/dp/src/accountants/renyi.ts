/** Renyi differential privacy as a curve over orders, and what it says about epsilon and delta. */
import { checkDelta, checkEpsilon } from "./accountant.ts";
import type { AccountantName, ComposedPrivacy, Provenance } from "./accountant.ts";

/**
 * Orders that are tried: those of dp_accounting (1.1 to 10.9 by tenths, 11 to 63, and powers of two), with more of the
 * large ones, which small epsilons need.
 */
export const renyiOrders: readonly number[] = [
  ...Array.from({ length: 99 }, (_, k) => 1 + (k + 1) / 10),
  ...Array.from({ length: 53 }, (_, k) => k + 11),
  ...[64, 72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024, 1536],
  ...[2048, 3072, 4096],
];

/** Below this order the conversion is unstable and never the best. */
const LEAST_ORDER = 1.01;

/**
 * Epsilon at a delta from one order's Renyi divergence; at least 0.
 *
 * Source: Canonne, Kamath, Steinke 2020 (arXiv 2004.00010) proposition 12; 0 also by Bretagnolle-Huber,
 * delta^2 >= 1 - exp(-divergence).
 */
function epsilonAtOrder(order: number, divergence: number, delta: number): number {
  if (delta * delta + Math.expm1(-divergence) > 0) return 0;
  if (order <= LEAST_ORDER) return Infinity;
  return Math.max(0, divergence + conversionTerm(order, delta));
}

/** What the conversion adds to the divergence at an order; negative at large deltas. */
export function conversionTerm(order: number, delta: number): number {
  return Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
}

/** Delta at an epsilon from one order's Renyi divergence: the same proposition, the other way. */
function deltaAtOrder(order: number, divergence: number, epsilon: number): number {
  if (divergence === 0) return 0;
  const close = Math.sqrt(-Math.expm1(-divergence));
  if (order <= LEAST_ORDER) return close;
  const exponent = (order - 1) * (divergence - epsilon + Math.log1p(-1 / order)) - Math.log(order);
  return Math.min(1, close, Math.exp(exponent));
}

interface RenyiCurve {
  readonly accountant: AccountantName;
  readonly orders: readonly number[];
  /** The divergence at each order. */
  readonly divergences: Float64Array;
}

/** The best epsilon and delta over the orders of a curve. */
export function fromRenyiCurve(curve: RenyiCurve): ComposedPrivacy {
  return {
    epsilon: (delta) => {
      checkDelta(delta);
      const best = least(curve, (order, divergence) => epsilonAtOrder(order, divergence, delta));
      const epsilon = best.value;
      return { ...provenanceOf(curve, best), delta, epsilon, lower: 0, upper: epsilon };
    },
    delta: (epsilon) => {
      checkEpsilon(epsilon);
      const best = least(curve, (order, divergence) => deltaAtOrder(order, divergence, epsilon));
      const delta = best.value;
      return { ...provenanceOf(curve, best), epsilon, delta, lower: 0, upper: delta };
    },
  };
}

interface Best {
  readonly value: number;
  readonly index: number;
}

function least(
  { orders, divergences }: RenyiCurve,
  bound: (order: number, divergence: number) => number,
): Best {
  let [value, index] = [Infinity, orders.length - 1];
  orders.forEach((order, k) => {
    const candidate = bound(order, divergences[k] ?? Infinity);
    if (candidate < value) [value, index] = [candidate, k];
  });
  return { value, index };
}

function provenanceOf({ accountant, orders }: RenyiCurve, { value, index }: Best): Provenance {
  const order = orders[index] ?? Infinity;
  const [first, last] = [orders[0] ?? Infinity, orders.at(-1) ?? Infinity];
  const atEdge = value > 0 && (order === first || order === last);
  const warnings = atEdge
    ? [`the best order is ${order}, at the edge of those tried: the bound may be loose`]
    : [];
  return { accountant, order, orders: { first, last, count: orders.length }, warnings };
}
