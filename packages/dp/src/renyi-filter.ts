/**
 * A Renyi filter: may this event still be added, when events are chosen after looking at results?
 *
 * The order is fixed before the first event; the Renyi divergences of that order add up, also for adaptively chosen
 * mechanisms, and the run stays private as long as their sum is within a bound fixed beforehand (Feldman and Zrnic 2021,
 * arXiv 2008.11193, theorem 4.3). The bound is the divergence that converts to the target.
 */
import { FedtuneError } from "@fedtune/core";
import { refuseUnknown } from "./accountants/accountant.ts";
import type { PrivacyQuery } from "./accountants/accountant.ts";
import { createDivergences } from "./accountants/rdp.ts";
import { conversionTerm, renyiOrders } from "./accountants/renyi.ts";
import type { PrivacyTarget } from "./calibrate.ts";
import type { NeighbouringRelation, PrivacyEvent } from "./events.ts";

/** A filter at one moment; immutable. */
export interface RenyiFilter {
  readonly order: number;
  readonly relation: NeighbouringRelation;
  /** Divergence that may be spent in all. */
  readonly bound: number;
  /** Divergence spent so far. */
  readonly spent: number;
  /** The divergence of an event. */
  cost(event: PrivacyEvent): number;
  /** Whether the event still fits. */
  admits(event: PrivacyEvent): boolean;
  /** @throws FedtuneError `config-conflict` when the event does not fit */
  spend(event: PrivacyEvent): RenyiFilter;
}

/** What a filter is opened with. */
export interface RenyiFilterOptions {
  readonly order: number;
  readonly relation: NeighbouringRelation;
  readonly target: PrivacyTarget;
}

/**
 * A filter with nothing spent.
 *
 * @throws FedtuneError `config-conflict` when the order cannot reach the target with any event
 */
export function openRenyiFilter({ order, relation, target }: RenyiFilterOptions): RenyiFilter {
  const bound = target.epsilon - conversionTerm(order, target.delta);
  if (!(order > 1 && bound > 0)) {
    throw new FedtuneError(
      "config-conflict",
      `Cannot filter at order ${order} for epsilon ${target.epsilon} at delta ${target.delta}: nothing may be spent; ` +
        `wanted a larger order or epsilon`,
      { data: { order, target } },
    );
  }
  const divergences = createDivergences([order]);
  const cost = (event: PrivacyEvent): number => {
    const query = { relation, events: [event] };
    refuseUnknown("rdp", query);
    return divergences(query)[0] ?? Infinity;
  };
  const after = (spent: number): RenyiFilter => ({
    ...{ order, relation, bound, spent, cost },
    admits: (event) => spent + cost(event) <= bound,
    spend: (event) => {
      const total = spent + cost(event);
      if (total <= bound) return after(total);
      throw new FedtuneError(
        "config-conflict",
        `Cannot add ${event.steps} steps of ${event.mechanism}: the Renyi divergence of order ${order} would be ${total}, ` +
          `wanted at most ${bound}`,
        { data: { event, order, spent, bound } },
      );
    },
  });
  return after(0);
}

/** The order whose filter leaves a plan the largest share of its bound unspent: to be chosen before a run starts. */
export function bestFilterOrder(plan: PrivacyQuery, target: PrivacyTarget): number {
  refuseUnknown("rdp", plan);
  const spends = createDivergences(renyiOrders)(plan);
  let [best, least] = [renyiOrders[0] ?? 2, Infinity];
  renyiOrders.forEach((order, k) => {
    const bound = target.epsilon - conversionTerm(order, target.delta);
    const share = bound > 0 ? (spends[k] ?? Infinity) / bound : Infinity;
    if (share < least) [best, least] = [order, share];
  });
  return best;
}

/**
 * The order of a filter about whose events nothing is known yet: it admits the most of a mechanism whose divergence grows
 * with the order as the Gaussian's does. Depends on the target alone, so that it is fixed before the first event.
 */
export function filterOrder({ epsilon, delta }: PrivacyTarget): number {
  let [best, most] = [renyiOrders[0] ?? 2, -Infinity];
  for (const order of renyiOrders) {
    const admitted = (epsilon - conversionTerm(order, delta)) / order;
    if (admitted > most) [best, most] = [order, admitted];
  }
  return best;
}

/** Epsilon of everything that went through a filter of this order: what a filter with that target would have admitted. */
export function filteredEpsilon(
  { relation, events }: PrivacyQuery,
  { order, delta }: { readonly order: number; readonly delta: number },
): number {
  refuseUnknown("rdp", { relation, events });
  const spent = createDivergences([order])({ relation, events })[0] ?? Infinity;
  return spent + conversionTerm(order, delta);
}
