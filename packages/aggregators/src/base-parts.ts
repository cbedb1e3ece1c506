/** The chain of base changes that methods publish which fold products into the base: one part per round. */
import type { BroadcastPart, FactoredResidual, PlannedClient } from "@fedtune/core";
import { factorParts } from "./tiers.ts";
import type { TierState } from "./tiers.ts";

/** Name of a round's part; `of` tells the chains of a run apart. */
function baseId(round: number, of: string): string {
  return `round-${String(round)}/${of}`;
}

/** A round's base change; without modules where there is none, so that the chain has no gap. */
export function basePart(
  round: number,
  of: string,
  modules: readonly FactoredResidual[],
): BroadcastPart {
  return { kind: "residual", id: baseId(round, of), modules };
}

/** All base changes that the client lacks, oldest first, then the factors. */
export function downloadWithBase(state: TierState, client: PlannedClient, of: string): string[] {
  const ids: string[] = [];
  for (let round = (client.holds ?? 0) + 1; round <= state.round; round++)
    ids.push(baseId(round, of));
  return [...ids, ...factorParts(state, client)];
}
