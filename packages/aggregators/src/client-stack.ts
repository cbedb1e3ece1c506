/** Every client's trained pairs of one round, for methods that need more than means; memory grows with the clients. */
import { combine, concatRows, FedtuneError, gatherRoles, transpose } from "@fedtune/core";
import type { Accumulator, LowRank, MethodUpdate, RoundFacts } from "@fedtune/core";
import { z } from "zod";
import type { FactoredSum } from "./leading-triples.ts";
import type { OptionState } from "./mean-of-roles.ts";
import { pairPlaces, readPair } from "./module-pairs.ts";
import type { PairPlace } from "./module-pairs.ts";
import { addToSums, openSums } from "./tier-sums.ts";
import type { RoundSums } from "./tier-sums.ts";
import { tierOf } from "./tiers.ts";
import type { AdapterTier } from "./tiers.ts";

/** Option of methods that keep a round's updates. */
export const maxTotalRank = z
  .int()
  .positive()
  .max(1_000_000)
  .default(4096)
  .describe("most ranks of a round's updates together; bounds the server's memory and the message");

/** Sums of a round beside the updates that weigh something, in order. */
export interface ClientStack {
  readonly sums: RoundSums;
  readonly layers: Layer[];
  readonly maxTotalRank: number;
  totalRank: number;
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

/** Gathering a round's updates. */
export const stackFunctions = {
  passes: 1,
  begin: (
    state: OptionState<{ readonly maxTotalRank: number }>,
    { round }: RoundFacts,
  ): ClientStack => {
    const { maxTotalRank } = state.options;
    return { sums: openSums(state, round), layers: [], maxTotalRank, totalRank: 0 };
  },
  accumulate: (stack: Accumulator, update: MethodUpdate) => {
    addToStack(stack as ClientStack, update);
  },
} as const;

/**
 * Adds one update, in place.
 *
 * @throws FedtuneError `shape-mismatch`, `layout-mismatch` as {@link addToSums}; `update-too-large` when the ranks sum to
 * more than `maxTotalRank`, before anything of the update is copied
 */
function addToStack(stack: ClientStack, update: MethodUpdate): void {
  const { rank, weight } = update;
  const totalRank = stack.totalRank + (weight > 0 ? rank : 0);
  if (totalRank > stack.maxTotalRank) throw tooLarge(stack, totalRank);
  addToSums(stack.sums, update);
  if (weight === 0) return;
  stack.totalRank = totalRank;
  stack.layers.push({ rank, weight, delta: update.delta.slice() });
}

function tooLarge({ sums, layers, maxTotalRank }: ClientStack, totalRank: number): FedtuneError {
  return new FedtuneError(
    "update-too-large",
    `Cannot stack the updates of round ${String(sums.round)}: after ${String(layers.length)} their ranks sum to ` +
      `${String(totalRank)}, wanted at most maxTotalRank ${String(maxTotalRank)}`,
    { data: { round: sums.round, totalRank, maxTotalRank } },
  );
}

/** Where the pairs of a tier's uploads lie, in layout order. */
export function stackPlaces({ sums }: ClientStack, rank: number): PairPlace[] {
  return pairPlaces(tierOf(sums.tiers, rank).layout);
}

/**
 * What the clients of the given tiers trained, module by module in layout order, each made when it is asked for; shares
 * are among those clients.
 */
export function* trainedModules(
  stack: ClientStack,
  tiers: readonly AdapterTier[],
): Generator<TrainedModule> {
  const { sums } = stack;
  const known = tiers.map((tier) => ({
    ...tier,
    start: gatherRoles(tier.layout, tier.values, sums.roles),
    places: stackPlaces(stack, tier.rank),
  }));
  const layers = stack.layers.filter(({ rank }) => tiers.some((tier) => tier.rank === rank));
  const total = layers.reduce((sum, { weight }) => sum + weight, 0);
  for (const [m, { module }] of (known[0]?.places ?? []).entries()) {
    const pairs = layers.flatMap(({ rank, weight, delta }): TrainedPair[] => {
      const { start, places, scaling } = tierOf(known, rank);
      const place = places[m];
      if (place === undefined) return [];
      const [from, by] = [readPair(start, place), readPair(delta, place)];
      const up = combine(1, from.up, { beta: 1, B: by.up });
      const down = combine(1, from.down, { beta: 1, B: by.down });
      return [{ up, down, share: weight / total, scaling }];
    });
    yield { module, pairs };
  }
}

/** Products as terms: row i of left is a column of weight x B, row i of right one of A; `[sum of r_k, ...]`. */
export function factoredSum(
  products: readonly (LowRank & { readonly weight: number })[],
): FactoredSum {
  const left = products.map(({ up, weight }) => {
    const columns = transpose(up);
    return { ...columns, data: columns.data.map((value) => weight * value) };
  });
  return { left: concatRows(left), right: concatRows(products.map(({ down }) => down)) };
}
