/** Every client's trained pairs of one round, for methods that need more than means; memory grows with the clients. */
import { combine, gatherRoles } from "@fedtune/core";
import type { LowRank, MethodUpdate } from "@fedtune/core";
import { pairPlaces, readPair } from "./module-pairs.ts";
import type { PairPlace } from "./module-pairs.ts";
import { addToSums, openSums } from "./tier-sums.ts";
import type { RoundSums } from "./tier-sums.ts";
import { tierOf } from "./tiers.ts";
import type { AdapterTier, TierState } from "./tiers.ts";

/** Sums of a round beside the updates that weigh something, in order. */
export interface ClientStack {
  readonly sums: RoundSums;
  readonly layers: Layer[];
}

/** One client's change, copied. */
export interface Layer {
  readonly rank: number;
  readonly weight: number;
  readonly delta: Float32Array;
}

/** One client's pair of a module as it was trained. */
export interface TrainedPair extends LowRank {
  /** Share of the weights of all pairs. */
  readonly share: number;
  readonly scaling: number;
}

/** One module of a round: its trained pairs in participant order. */
export interface TrainedModule {
  readonly module: string;
  readonly pairs: readonly TrainedPair[];
}

/** An empty stack. */
export function openStack(state: TierState, round: number): ClientStack {
  return { sums: openSums(state, round), layers: [] };
}

/**
 * Adds one update, in place.
 *
 * @throws FedtuneError `shape-mismatch`, `layout-mismatch` as {@link addToSums}
 */
export function addToStack({ sums, layers }: ClientStack, update: MethodUpdate): void {
  addToSums(sums, update);
  const { rank, weight, delta } = update;
  if (weight > 0) layers.push({ rank, weight, delta: delta.slice() });
}

/** Where the pairs of a tier's uploads lie, in layout order. */
export function stackPlaces({ sums }: ClientStack, rank: number): PairPlace[] {
  return pairPlaces(tierOf(sums.tiers, rank).layout);
}

/** What the clients of the given tiers trained, module by module in layout order; shares are among those clients. */
export function trainedModules(stack: ClientStack, tiers: readonly AdapterTier[]): TrainedModule[] {
  const { sums } = stack;
  const known = tiers.map((tier) => ({
    ...tier,
    start: gatherRoles(tier.layout, tier.values, sums.roles),
    places: stackPlaces(stack, tier.rank),
  }));
  const layers = stack.layers.filter(({ rank }) => tiers.some((tier) => tier.rank === rank));
  const total = layers.reduce((sum, { weight }) => sum + weight, 0);
  return (known[0]?.places ?? []).map(({ module }, m) => ({
    module,
    pairs: layers.flatMap(({ rank, weight, delta }): TrainedPair[] => {
      const { start, places, scaling } = tierOf(known, rank);
      const place = places[m];
      if (place === undefined) return [];
      const [from, by] = [readPair(start, place), readPair(delta, place)];
      const up = combine(1, from.up, { beta: 1, B: by.up });
      const down = combine(1, from.down, { beta: 1, B: by.down });
      return [{ up, down, share: weight / total, scaling }];
    }),
  }));
}
