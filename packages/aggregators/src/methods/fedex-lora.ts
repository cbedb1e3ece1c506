import { combine, subtract, toFloat32, transpose, zeros } from "@fedtune/core";
import type { FactoredResidual, Method, MethodMetrics, MethodResult, Rng } from "@fedtune/core";
import { z } from "zod";
import { basePart, chainFunctions } from "../base-parts.ts";
import type { ChainState } from "../base-parts.ts";
import { factoredSum, maxTotalRank, stackFunctions, trainedModules } from "../client-stack.ts";
import type { ClientStack, TrainedPair } from "../client-stack.ts";
import {
  energyOf,
  leadingTriples,
  retainedShare,
  scaledRows,
  firstRows,
} from "../leading-triples.ts";
import type { FactoredSum } from "../leading-triples.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";
import type { AdapterTier } from "../tiers.ts";

const config = z.strictObject({
  residualRank: z
    .int()
    .positive()
    .max(65_536)
    .nullable()
    .default(null)
    .describe(
      "largest rank of a residual, for a cap on the message; null: exact, whatever its rank",
    ),
  maxTotalRank,
});

/** Options of FedEx-LoRA. */
export type FedExConfig = z.output<typeof config>;

type FedExState = ChainState<FedExConfig>;

/**
 * Means of A and B, and what their product misses goes into the frozen base: exact aggregation of both factors.
 *
 * Per module A is `[r, in]`, B `[out, r]`, s the scaling: beside the means every party adds the residual
 * s (sum of p_k B_k A_k - B A) to its base weight. It travels in factors, columns s p_k (B_k - B_K) for k < K against
 * rows A_k - A: rank (K - 1) r, exact, no `[out, in]` anywhere. A client that was away fetches every residual that it
 * lacks. `residualRank` reports the rank that travelled; a round of more than `maxTotalRank` is refused.
 *
 * With the option `residualRank` a residual of a higher rank is cut to the closest one of that rank, as the paper's
 * truncated variant: U_k S_k against V_k^T of its SVD. The method is then not exact, whatever its claims say of the default;
 * `retained` reports the least share of ||residual||^2 of a module that travelled. What is cut is lost.
 *
 * Departs from the paper's code: clients weigh by their share, not all alike; the residual is never transposed, since
 * both sides name `[out, in]`; clients of different ranks are averaged within their rank, each with a base of its own.
 * Head and DoRA's magnitude are averaged.
 */
export const fedexLora = {
  name: "fedex-lora",
  summary: "Means of A and B, their error folded into the base: exact, base changes",
  paper: {
    title:
      "FedEx-LoRA: Exact Aggregation for Federated and Efficient Fine-Tuning of Foundation Models",
    id: "arXiv:2410.09432",
    equations: "W + s (sum of p_k B_k A_k - B A), A and B the means",
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
    ranks: "separate",
  },
  defaultHead: "share",
  ...chainFunctions<FedExConfig>([{ share: ["down", "up", "magnitude"], keep: [] }], chainOf),
  ...stackFunctions,
  finish: (state: FedExState, stack, rng) => finish(state, stack as ClientStack, rng),
} as const satisfies Method<FedExConfig, FedExState>;

function chainOf(rank: number): string {
  return `base-rank-${String(rank)}`;
}

/** A residual, and the share of its squared norm that travels. */
interface Residual {
  readonly part: FactoredResidual;
  readonly retained: number;
}

function finish(state: FedExState, stack: ClientStack, rng: Rng): MethodResult<FedExState> {
  const deltas = meanDeltas(stack.sums);
  const moved = movedBy(state, stack.sums, deltas);
  const { round } = moved;
  const next = { ...moved, bases: [...state.bases, round] };
  const { residualRank: most } = state.options;
  const residuals = state.tiers.map((tier) => residualsOf(tier, stack, { most, rng }));
  const bases = state.tiers.map(({ rank }, t) => {
    const parts = (residuals[t] ?? []).map(({ part }) => part);
    return basePart(round, chainOf(rank), parts);
  });
  const all = residuals.flat();
  const metrics: MethodMetrics = {
    updateNorm: lengthOf(deltas),
    residualRank: Math.max(0, ...all.map(({ part }) => part.rank)),
    ...(most === null ? {} : { retained: Math.min(1, ...all.map(({ retained }) => retained)) }),
  };
  return { state: next, parts: [...bases, ...publishFactors(next)], metrics };
}

/** How residuals are cut. */
interface Cut {
  readonly most: number | null;
  readonly rng: Rng;
}

/** One residual per module; none for fewer than two clients. */
function residualsOf(tier: AdapterTier, stack: ClientStack, { most, rng }: Cut): Residual[] {
  const residuals: Residual[] = [];
  for (const { module, pairs } of trainedModules(stack, [tier])) {
    const sum = errorOfMeans(pairs);
    if (sum === null) continue;
    const name = `residual of ${module}, rank ${String(tier.rank)}`;
    const cut = most !== null && sum.right.rows > most;
    const { kept, retained } = cut ? cutTo(sum, most, rng.fork(name)) : { kept: sum, retained: 1 };
    const [left, right] = [toFloat32(transpose(kept.left)), toFloat32(kept.right)];
    residuals.push({ part: { module, rank: kept.right.rows, left, right }, retained });
  }
  return residuals;
}

/** sum of p_k s B_k A_k - s B A, with as many terms as all clients but one have ranks. */
function errorOfMeans(pairs: readonly TrainedPair[]): FactoredSum | null {
  const last = pairs.at(-1);
  if (last === undefined || pairs.length < 2) return null;
  let mean = zeros(last.down.rows, last.down.cols);
  for (const { share, down } of pairs) mean = combine(1, mean, { beta: share, B: down });
  return factoredSum(
    pairs.slice(0, -1).map(({ up, down, share, scaling }) => ({
      up: subtract(up, last.up),
      down: subtract(down, mean),
      weight: share * scaling,
    })),
  );
}

/** The closest sum of that rank: S_k U_k against V_k. */
function cutTo(sum: FactoredSum, rank: number, rng: Rng) {
  const { left, S, right } = leadingTriples(sum, rank, rng);
  const kept = { left: firstRows(scaledRows(left, S), rank), right: firstRows(right, rank) };
  return { kept, retained: retainedShare(S, rank, energyOf(sum)) };
}
