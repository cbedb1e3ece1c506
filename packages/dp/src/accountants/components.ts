/** Events in the few forms that accountants compute with. */
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";

/** Everything that a list of events amounts to: equal mechanisms merged, in an order of their own. */
export interface Components {
  /** Sum of (sensitivity / standard deviation) squared over all Gaussian releases. */
  readonly squaredSignal: number;
  /** Poisson-sampled Gaussians with a rate inside (0, 1). */
  readonly poisson: readonly SampledComponent[];
  /** Gaussians on a sample of fixed size with a rate inside (0, 1), without replacement. */
  readonly fixedSize: readonly SampledComponent[];
}

/** A sampled Gaussian, `steps` times; `noiseMultiplier` is over the clip norm. */
export interface SampledComponent {
  readonly samplingRate: number;
  readonly noiseMultiplier: number;
  readonly steps: number;
}

/** How an event is computed with; `none` costs nothing. */
export type ComponentKind = "none" | "gaussian" | "poisson" | "fixed-size";

/**
 * What an event reduces to under a relation, or null when no theory here covers the two together.
 *
 * Sampling at rate 1 is no sampling. Fixed-size sampling is understood under replace-one alone, because the population's
 * size is public there. A tree is understood where its leaves stay in place: not when one is added or removed.
 */
export function kindOf(event: PrivacyEvent, relation: NeighbouringRelation): ComponentKind | null {
  switch (event.mechanism) {
    case "gaussian":
      return "gaussian";
    case "poisson-gaussian":
      if (event.samplingRate === 0) return "none";
      return event.samplingRate === 1 ? "gaussian" : "poisson";
    case "fixed-size-gaussian":
      if (relation !== "replace-one") return null;
      return event.sampleSize === event.populationSize ? "gaussian" : "fixed-size";
    case "tree-gaussian":
      return relation === "add-or-remove-one" ? null : "gaussian";
  }
}

/** Furthest that one unit moves a clipped sum, in clip norms. */
export function sensitivityOf(relation: NeighbouringRelation): number {
  return relation === "replace-one" ? 2 : 1;
}

/**
 * Nodes of a binary tree over `steps` leaves that one leaf enters, times the square of how often a unit takes part:
 * the squared sensitivity of all node sums together, in clip norms.
 *
 * Source: Kairouz et al. 2021 (arXiv 2103.00039) appendix D, depth ceil(log2(steps + 1)); several participations by the
 * triangle inequality.
 */
function treeSquaredSensitivity(steps: number, participations: number): number {
  const depth = Math.ceil(Math.log2(steps + 1));
  return depth * participations * participations;
}

/**
 * Merges events; neither their order nor how rows were split changes one bit of the result.
 *
 * @throws RangeError for an event that the relation does not go with; accountants refuse those before
 */
export function componentsOf(
  events: readonly PrivacyEvent[],
  relation: NeighbouringRelation,
): Components {
  const parts = mergedParts(events, relation);
  const of = (kind: ComponentKind) => parts.filter((part) => part.kind === kind);
  let squaredSignal = 0;
  for (const { noiseMultiplier, steps } of of("gaussian")) {
    squaredSignal += steps * (sensitivityOf(relation) / noiseMultiplier) ** 2;
  }
  return { squaredSignal, poisson: of("poisson"), fixedSize: of("fixed-size") };
}

interface Part extends SampledComponent {
  readonly kind: ComponentKind;
}

function mergedParts(events: readonly PrivacyEvent[], relation: NeighbouringRelation): Part[] {
  const merged = new Map<string, Part>();
  for (const event of events) {
    const part = partOf(event, relation);
    const key = `${part.kind} ${part.samplingRate} ${part.noiseMultiplier}`;
    const steps = (merged.get(key)?.steps ?? 0) + part.steps;
    merged.set(key, { ...part, steps });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
}

function partOf(event: PrivacyEvent, relation: NeighbouringRelation): Part {
  const kind = kindOf(event, relation);
  if (kind === null) {
    throw new RangeError(
      `Cannot compose ${describeEvent(event)} under ${relation}: wanted another relation`,
    );
  }
  const { noiseMultiplier, steps } = event;
  switch (event.mechanism) {
    case "gaussian":
      return { kind, samplingRate: 1, noiseMultiplier, steps };
    case "poisson-gaussian":
      return { kind, samplingRate: event.samplingRate, noiseMultiplier, steps };
    case "fixed-size-gaussian": {
      const samplingRate = event.sampleSize / event.populationSize;
      return { kind, samplingRate, noiseMultiplier, steps };
    }
    case "tree-gaussian": {
      // Every node is a Gaussian release that the unit enters so many times.
      const releases = treeSquaredSensitivity(steps, event.participations);
      return { kind, samplingRate: 1, noiseMultiplier, steps: releases };
    }
  }
}

/** An event in words: mechanism and sampling. */
export function describeEvent(event: PrivacyEvent): string {
  switch (event.mechanism) {
    case "gaussian":
      return "gaussian without sampling";
    case "poisson-gaussian":
      return `poisson-gaussian with Poisson sampling at rate ${event.samplingRate}`;
    case "fixed-size-gaussian":
      return `fixed-size-gaussian with ${event.sampleSize} of ${event.populationSize} units a step`;
    case "tree-gaussian":
      return `tree-gaussian over ${event.steps} releases`;
  }
}
