/** What an accountant is: the cost of a list of events, as epsilon at a delta or delta at an epsilon. */
import { FedtuneError } from "@fedtune/core";
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";
import { describeEvent, kindOf } from "./components.ts";

/** Names of the accountants. */
export const accountantNames = ["rdp", "prv", "gaussian", "tree"] as const;
/** One of {@link accountantNames}. */
export type AccountantName = (typeof accountantNames)[number];

/** What was done, and what neighbouring data sets differ in. */
export interface PrivacyQuery {
  readonly relation: NeighbouringRelation;
  readonly events: readonly PrivacyEvent[];
}

/** How a number was found, so that anyone can find it again. */
export interface Provenance {
  readonly accountant: AccountantName;
  /** The Renyi order that gave the best bound. */
  readonly order?: number;
  /** First, last and number of the orders that were tried. */
  readonly orders?: { readonly first: number; readonly last: number; readonly count: number };
  /** Grid of privacy losses: its step and number of points. */
  readonly mesh?: { readonly step: number; readonly size: number };
  /** What a reader should know before relying on the number. */
  readonly warnings: readonly string[];
}

/** Epsilon at a delta. */
export interface EpsilonResult extends Provenance {
  readonly delta: number;
  /** The accountant's value; `lower <= epsilon <= upper`. */
  readonly epsilon: number;
  /** No smaller epsilon holds; 0 when nothing is known from below. */
  readonly lower: number;
  /** Holds for certain, numerical errors included: the number to decide by. */
  readonly upper: number;
}

/** Delta at an epsilon. */
export interface DeltaResult extends Provenance {
  readonly epsilon: number;
  readonly delta: number;
  readonly lower: number;
  readonly upper: number;
}

/** Events composed once, to be asked as often as wanted. */
export interface ComposedPrivacy {
  /** @throws RangeError for a delta outside (0, 1) */
  epsilon(delta: number): EpsilonResult;
  /** @throws RangeError for a negative epsilon */
  delta(epsilon: number): DeltaResult;
}

/** One way of accounting. */
export interface Accountant {
  readonly name: AccountantName;
  readonly summary: string;
  supports(event: PrivacyEvent, relation: NeighbouringRelation): boolean;
  /** @throws FedtuneError `config-conflict` for an event that it does not support, naming who does */
  compose(query: PrivacyQuery): ComposedPrivacy;
}

/** Whether an accountant of a name understands an event under a relation. */
export function understands(
  name: AccountantName,
  event: PrivacyEvent,
  relation: NeighbouringRelation,
): boolean {
  const kind = kindOf(event, relation);
  if (kind === null) return false;
  switch (name) {
    case "rdp":
      return kind !== "poisson" || relation !== "replace-one";
    case "prv":
      return kind !== "fixed-size";
    case "gaussian":
      return kind === "gaussian" || kind === "none";
    case "tree":
      return event.mechanism === "tree-gaussian";
  }
}

/** @throws FedtuneError `config-conflict` for the first event that the accountant does not understand */
export function refuseUnknown(name: AccountantName, { relation, events }: PrivacyQuery): void {
  for (const event of events) {
    if (understands(name, event, relation)) continue;
    const others = accountantNames.filter((other) => understands(other, event, relation));
    const wanted =
      others.length === 0
        ? wantedRelation(event)
        : `the accountant ${others.join(" or ")} for such events`;
    throw new FedtuneError(
      "config-conflict",
      `Cannot account for ${describeEvent(event)} under the relation ${relation} with the accountant ${name}: ` +
        `wanted ${wanted}`,
      { data: { accountant: name, event, relation, wanted: others } },
    );
  }
}

function wantedRelation(event: PrivacyEvent): string {
  return event.mechanism === "tree-gaussian"
    ? "the relation zero-out or replace-one, under which leaves keep their places"
    : "the relation replace-one, under which the population's size is public";
}

/** @throws RangeError for a delta outside (0, 1) */
export function checkDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) {
    throw new RangeError(`Cannot find epsilon at delta ${delta}: wanted a number in (0, 1)`);
  }
}

/** @throws RangeError for a negative epsilon or NaN */
export function checkEpsilon(epsilon: number): void {
  if (!(epsilon >= 0)) {
    throw new RangeError(`Cannot find delta at epsilon ${epsilon}: wanted a number >= 0`);
  }
}
