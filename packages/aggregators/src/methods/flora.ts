import { concatColumns, concatRows, kaimingDown, noOptions, toFloat32 } from "@fedtune/core";
import type {
  FactoredResidual,
  Method,
  MethodResult,
  NoOptions,
  PlannedClient,
  Rng,
} from "@fedtune/core";
import { basePart, downloadWithBase } from "../base-parts.ts";
import { addToStack, openStack, trainedModules } from "../client-stack.ts";
import type { ClientStack, TrainedModule } from "../client-stack.ts";
import { tierFunctions } from "../mean-of-roles.ts";
import { pairPlaces } from "../module-pairs.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";
import type { AdapterTier, TierState } from "../tiers.ts";

/**
 * Stacks all clients' products into the frozen base, then every adapter starts anew: exact for any mix of ranks.
 *
 * Per module the base gets the sum of p_k s_k B_k A_k, A_k `[r_k, in]`, B_k `[out, r_k]`, s_k the tier's scaling, as one
 * factored residual: columns p_k s_k B_k side by side, rows A_k on top of each other, rank R, the sum of ranks. The next
 * A is drawn as LoRA's first one, from the run's seed, and B is zero. A client that was away fetches every residual that
 * it lacks. `stackedRank` reports R.
 *
 * Departs from the paper's code: p_k stands on one factor only and each product has its own client's scaling; the
 * fresh A is published, so that all clients of a rank start alike. Head and DoRA's magnitude, whose shapes do not
 * depend on the rank, are averaged over all clients; they do not start anew.
 */
export const flora = {
  name: "flora",
  summary: "Stacks all products into the base, adapters start anew: exact, any mix of ranks",
  paper: {
    title:
      "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations",
    id: "arXiv:2409.05976",
    equations:
      "the stacked aggregation: B = [p_1 B_1, ..., p_K B_K], A = [A_1; ...; A_K], W + s B A",
  },
  config: noOptions,
  claims: {
    changesBase: true,
    exactProduct: true,
    linear: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "clients",
    canonical: false,
    ranks: "joint",
  },
  defaultHead: "share",
  passes: 1,
  ...tierFunctions<NoOptions>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]),
  download: (state: TierState, client: PlannedClient) => downloadWithBase(state, client, "base"),
  begin: (state, { round }): ClientStack => openStack(state, round),
  accumulate: (stack, update) => {
    addToStack(stack as ClientStack, update);
  },
  finish: (state, stack, rng) => finish(state, stack as ClientStack, rng),
} as const satisfies Method<NoOptions, TierState>;

function finish(state: TierState, stack: ClientStack, rng: Rng): MethodResult<TierState> {
  const deltas = meanDeltas(stack.sums, ["head", "magnitude"]);
  const moved = movedBy(state, stack.sums, deltas);
  const next = { ...moved, tiers: moved.tiers.map((tier) => renewed(tier, rng)) };
  const residuals = trainedModules(stack, state.tiers).map(stacked);
  const stackedRank = Math.max(0, ...residuals.map(({ rank }) => rank));
  return {
    state: next,
    parts: [basePart(next.round, "base", residuals), ...publishFactors(next)],
    metrics: { updateNorm: lengthOf(deltas), stackedRank },
  };
}

function stacked({ module, pairs }: TrainedModule): FactoredResidual {
  const left = concatColumns(
    pairs.map(({ up, share, scaling }) => ({
      ...up,
      data: up.data.map((value) => share * scaling * value),
    })),
  );
  const right = concatRows(pairs.map(({ down }) => down));
  return { module, rank: right.rows, left: toFloat32(left), right: toFloat32(right) };
}

/** A tier whose pairs start anew; the rest as it is. */
function renewed(tier: AdapterTier, rng: Rng): AdapterTier {
  const values = tier.values.slice();
  for (const { up, down } of pairPlaces(tier.layout)) {
    const stream = rng.fork(`${down.name} of rank ${String(tier.rank)}`);
    values.set(kaimingDown(down.shape, stream), down.offset);
    values.fill(0, up.offset, up.offset + up.size);
  }
  return { ...tier, values };
}
