import { concatColumns, concatRows, noOptions, subtract, toFloat32, zeros } from "@fedtune/core";
import type {
  FactoredResidual,
  Matrix,
  Method,
  MethodResult,
  NoOptions,
  PlannedClient,
} from "@fedtune/core";
import { basePart, downloadWithBase } from "../base-parts.ts";
import { addToStack, openStack, trainedModules } from "../client-stack.ts";
import type { ClientStack, TrainedModule } from "../client-stack.ts";
import { tierFunctions } from "../mean-of-roles.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";
import type { TierState } from "../tiers.ts";

/**
 * Means of A and B, and what their product misses goes into the frozen base: exact aggregation of both factors.
 *
 * Per module A is `[r, in]`, B `[out, r]`, s the scaling: beside the means every party adds the residual
 * s (sum of p_k B_k A_k - B A) to its base weight. It travels in factors, columns s p_k (B_k - B_K) for k < K against
 * rows A_k - A: rank (K - 1) r, exact, no `[out, in]` anywhere. A client that was away fetches every residual that it
 * lacks. `residualRank` reports the rank that travelled.
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
    ranks: "separate",
  },
  defaultHead: "share",
  passes: 1,
  ...tierFunctions<NoOptions>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]),
  download: (state: TierState, client: PlannedClient) =>
    downloadWithBase(state, client, chainOf(client.rank)),
  begin: (state, { round }): ClientStack => openStack(state, round),
  accumulate: (stack, update) => {
    addToStack(stack as ClientStack, update);
  },
  finish: (state, stack) => finish(state, stack as ClientStack),
} as const satisfies Method<NoOptions, TierState>;

function chainOf(rank: number): string {
  return `base-rank-${String(rank)}`;
}

function finish(state: TierState, stack: ClientStack): MethodResult<TierState> {
  const deltas = meanDeltas(stack.sums);
  const next = movedBy(state, stack.sums, deltas);
  const residuals = state.tiers.map((tier) => trainedModules(stack, [tier]).flatMap(residualOf));
  const bases = state.tiers.map(({ rank }, t) =>
    basePart(next.round, chainOf(rank), residuals[t] ?? []),
  );
  const residualRank = Math.max(0, ...residuals.flat().map(({ rank }) => rank));
  return {
    state: next,
    parts: [...bases, ...publishFactors(next)],
    metrics: { updateNorm: lengthOf(deltas), residualRank },
  };
}

/** Nothing for fewer than two clients. */
function residualOf({ module, pairs }: TrainedModule): FactoredResidual[] {
  const last = pairs.at(-1);
  if (last === undefined || pairs.length < 2) return [];
  const mean = zeros(last.down.rows, last.down.cols);
  for (const { share, down } of pairs) {
    down.data.forEach((value, i) => (mean.data[i] = (mean.data[i] ?? 0) + share * value));
  }
  const others = pairs.slice(0, -1);
  const left = concatColumns(
    others.map(({ up, share, scaling }) => times(share * scaling, subtract(up, last.up))),
  );
  const right = concatRows(others.map(({ down }) => subtract(down, mean)));
  return [{ module, rank: right.rows, left: toFloat32(left), right: toFloat32(right) }];
}

function times(by: number, A: Matrix): Matrix {
  return { ...A, data: A.data.map((value) => by * value) };
}
