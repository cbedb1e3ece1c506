import { combine, gatherRoles, noOptions, productNorm } from "@fedtune/core";
import type { Method, MethodContext, MethodResult, MethodUpdate, NoOptions } from "@fedtune/core";
import { tierFunctions } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";
import { pairPlaces, readPair } from "../module-pairs.ts";
import { addSlice, checkSlices, forEachPlace, sliceOf, widestOf } from "../rank-slices.ts";
import { addToSums, lengthOf, meanDeltas, movedBy, openSums } from "../tier-sums.ts";
import type { RoundSums } from "../tier-sums.ts";
import { publishFactors, tierOf } from "../tiers.ts";
import type { AdapterTier } from "../tiers.ts";
import { sumsOf } from "../weighted-mean.ts";

type HetState = OptionState<NoOptions>;

/** A round's changes, weighed by the norms of the clients' products and by the round's own weights. */
export interface HetSums {
  readonly byNorm: RoundSums;
  readonly byWeight: RoundSums;
  /** What each tier's clients started from, packed as their uploads. */
  readonly starts: readonly AdapterTier[];
}

const shared = tierFunctions<NoOptions>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]);

/**
 * Ranks by client around one adapter of the largest rank R: clients get its first r_k directions, and their factors,
 * padded with zeros to rank R, are averaged by the norms of their products.
 *
 * Per module A_k is `[r_k, in]` and B_k `[out, r_k]`: next A = sum of p_k [A_k; 0] and next B = sum of p_k [B_k, 0],
 * with p_k = w_k / sum of w, w_k = ||s_k B_k A_k|| over all modules together, by r x r Gram matrices as updates stream
 * by. Client k starts the next round from the first r_k rows of A and columns of B. Zeros count: a direction that few
 * clients carry shrinks. Metrics: `updateNorm`, and `meanNorm`, the mean of the w_k.
 *
 * Departs from the paper: clients do not prune their own ranks, neither by the penalty on their last directions nor by
 * dropping them (a client's rank is the run's to say); products are scaled by their tier's s, and B by s_R / s_r
 * between tiers, so that a slice's product is the same in both (rank-slices.ts); a direction that no client of a round
 * carries stays as it was, where padding would end it for good; clients whose products are all zero are averaged by
 * the round's weights. Head and DoRA's magnitude, which the paper does not have, are averaged over all clients by
 * these weights. A weight of zero leaves a client out; other weights do not matter for A and B.
 */
export const hetlora = {
  name: "hetlora",
  summary: "Zero-padded mean of any mix of ranks, weighed by the norms of the clients' products",
  paper: {
    title: "Heterogeneous LoRA for Federated Fine-tuning of On-Device Foundation Models",
    id: "arXiv:2401.06432",
    equations:
      "truncation of the global factors, and the zero-padded aggregation weighed by the norms of B_k A_k",
  },
  config: noOptions,
  claims: {
    exactProduct: false,
    linear: false,
    meanOnly: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "adapter",
    canonical: false,
    ranks: "joint",
  },
  defaultHead: "share",
  passes: 1,
  ...shared,
  init: (options: NoOptions, context: MethodContext): HetState => {
    checkSlices(context);
    return shared.init(options, context);
  },
  begin: (state, { round }): HetSums => begin(state, round),
  accumulate: (sums, update) => {
    accumulate(sums as HetSums, update);
  },
  finish: (state, sums) => finish(state, sums as HetSums),
} as const satisfies Method<NoOptions, HetState>;

function begin(state: HetState, round: number): HetSums {
  const byWeight = openSums(state, round);
  const starts = state.tiers.map((tier, t) => ({
    ...tier,
    layout: byWeight.tiers[t]?.layout ?? tier.layout,
    values: gatherRoles(tier.layout, tier.values, byWeight.roles),
  }));
  return { byNorm: openSums(state, round), byWeight, starts };
}

function accumulate({ byNorm, byWeight, starts }: HetSums, update: MethodUpdate): void {
  addToSums(byWeight, update);
  const start = tierOf(starts, update.rank);
  addToSums(byNorm, { ...update, weight: update.weight === 0 ? 0 : trainedNorm(start, update) });
}

/** Frobenius norm of all that a client's trained factors add to the weights. */
function trainedNorm({ layout, values, scaling }: AdapterTier, { delta }: MethodUpdate): number {
  let sum = 0;
  for (const place of pairPlaces(layout)) {
    const [from, by] = [readPair(values, place), readPair(delta, place)];
    const up = combine(1, from.up, { beta: 1, B: by.up });
    const down = combine(1, from.down, { beta: 1, B: by.down });
    sum += productNorm({ up, down }) ** 2;
  }
  return scaling * Math.sqrt(sum);
}

function finish(state: HetState, { byNorm, byWeight, starts }: HetSums): MethodResult<HetState> {
  const pooled = meanDeltas(byWeight, ["head", "magnitude"]);
  const norms = weightOf(byNorm);
  const padded = paddedMean(norms > 0 ? byNorm : byWeight, starts);
  const [widest, others] = [widestOf(starts), widestOf(pooled)];
  const deltas = padded.map((value, i) => value - (widest.values[i] ?? 0));
  for (const { role, offset, size } of widest.layout.factors) {
    if (role === "down" || role === "up") continue;
    deltas.set(others.subarray(offset, offset + size), offset);
  }
  const moved = movedBy(state, byWeight, [...pooled.slice(0, -1), deltas]);
  const whole = widestOf(moved.tiers);
  const tiers = moved.tiers.map((tier) => ({ ...tier, values: sliceOf(whole, tier) }));
  const next = { ...moved, tiers };
  const heard = byNorm.tiers.reduce((sum, { mean }) => sum + mean.count, 0);
  const metrics = { updateNorm: lengthOf([deltas]), meanNorm: norms / heard };
  return { state: next, parts: publishFactors(next), metrics };
}

function weightOf({ tiers }: RoundSums): number {
  return tiers.reduce((sum, { mean }) => sum + mean.weight, 0);
}

/** The weighed mean of all clients' padded factors, packed as the widest tier's; what nobody carries as it was. */
function paddedMean(sums: RoundSums, starts: readonly AdapterTier[]): Float64Array {
  const weight = weightOf(sums);
  const widest = widestOf(starts);
  const mean = Float64Array.from(widest.values);
  for (const { rank, mean: own } of sums.tiers) {
    if (own.weight > 0) forEachPlace(widest, tierOf(starts, rank), (at) => (mean[at] = 0));
  }
  for (const { rank, mean: own } of sums.tiers) {
    if (own.weight === 0) continue;
    const start = tierOf(starts, rank);
    const values = sumsOf(own).map((sum, i) => own.weight * (start.values[i] ?? 0) + sum);
    addSlice({ ...widest, sums: mean }, { ...start, values }, 1 / weight);
  }
  return mean;
}
