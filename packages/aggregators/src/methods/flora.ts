import { kaimingDown, toFloat32, transpose } from "@fedtune/core";
import type { FactoredResidual, Method, MethodResult, Rng } from "@fedtune/core";
import { z } from "zod";
import { basePart, chainFunctions } from "../base-parts.ts";
import type { ChainState } from "../base-parts.ts";
import { factoredSum, maxTotalRank, stackFunctions, trainedModules } from "../client-stack.ts";
import type { ClientStack, TrainedModule } from "../client-stack.ts";
import { pairPlaces } from "../module-pairs.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";
import type { AdapterTier } from "../tiers.ts";

const config = z.strictObject({ maxTotalRank });

/** Options of FLoRA. */
export type FloraConfig = z.output<typeof config>;

type FloraState = ChainState<FloraConfig>;

/**
 * Stacks all clients' products into the frozen base, then every adapter starts anew: exact for any mix of ranks.
 *
 * Per module the base gets the sum of p_k s_k B_k A_k, A_k `[r_k, in]`, B_k `[out, r_k]`, s_k the tier's scaling, as one
 * factored residual: columns p_k s_k B_k side by side, rows A_k on top of each other, rank R, the sum of ranks. The next
 * A is drawn as LoRA's first one, from the run's seed, and B is zero. A client that was away fetches every residual that
 * it lacks. `stackedRank` reports R; a round of more than `maxTotalRank` is refused.
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
  config,
  claims: {
    changesBase: true,
    exactProduct: true,
    linear: false,
    meanOnly: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "clients",
    canonical: false,
    ranks: "joint",
  },
  defaultHead: "share",
  ...chainFunctions<FloraConfig>([{ share: ["down", "up", "magnitude"], keep: [] }], () => "base"),
  ...stackFunctions,
  finish: (state: FloraState, stack, rng) => finish(state, stack as ClientStack, rng),
} as const satisfies Method<FloraConfig, FloraState>;

function finish(state: FloraState, stack: ClientStack, rng: Rng): MethodResult<FloraState> {
  const deltas = meanDeltas(stack.sums, ["head", "magnitude"]);
  const moved = movedBy(state, stack.sums, deltas);
  const { round } = moved;
  const tiers = moved.tiers.map((tier) => renewed(tier, rng));
  const next = { ...moved, tiers, bases: [...state.bases, round] };
  const residuals = Array.from(trainedModules(stack, state.tiers), stacked);
  return {
    state: next,
    parts: [basePart(round, "base", residuals), ...publishFactors(next)],
    metrics: { updateNorm: lengthOf(deltas), stackedRank: stack.totalRank },
  };
}

/** `[out, R]` against `[R, in]`. */
function stacked({ module, pairs }: TrainedModule): FactoredResidual {
  const products = pairs.map((pair) => ({ ...pair, weight: pair.share * pair.scaling }));
  const { left, right } = factoredSum(products);
  const rank = right.rows;
  return { module, rank, left: toFloat32(transpose(left)), right: toFloat32(right) };
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
