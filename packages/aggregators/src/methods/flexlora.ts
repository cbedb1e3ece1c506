import { gatherRoles, subtract, zeros } from "@fedtune/core";
import type { LowRank, Method, MethodResult, Rng } from "@fedtune/core";
import { z } from "zod";
import {
  factoredSum,
  maxTotalRank,
  stackFunctions,
  stackPlaces,
  trainedModules,
} from "../client-stack.ts";
import type { ClientStack, TrainedModule } from "../client-stack.ts";
import { energyOf, leadingTriples, retainedShare } from "../leading-triples.ts";
import type { Triples } from "../leading-triples.ts";
import { tierFunctions } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";
import { readPair, writePair } from "../module-pairs.ts";
import { largestSign } from "../refactorise.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import { publishFactors } from "../tiers.ts";

const config = z.strictObject({ maxTotalRank });

/** Options of FlexLoRA. */
export type FlexConfig = z.output<typeof config>;

type FlexState = OptionState<FlexConfig>;

/**
 * The best adapter of every rank for the mean of the clients' products, whatever ranks they come from.
 *
 * Per module dW = sum of p_k s_k B_k A_k over the clients of all tiers, A_k `[r_k, in]`, B_k `[out, r_k]`, s_k the
 * tier's scaling; with dW = U S V^T a tier of rank r gets B = U_r S_r / s and A = V_r^T. dW is never formed: with R the
 * sum of ranks, by thin QR of the stacked factors and the SVD of an R x R core, or, where R is large, by block Lanczos for
 * the largest tier's triples alone; see {@link leadingTriples}. The part of dW beyond rank r is lost; `retained` reports
 * the least share of ||dW||^2 that a tier keeps of a module. A round of more than `maxTotalRank` is refused: the server
 * keeps every update until the round closes, since the sum of products has no exact form of lower rank.
 *
 * Departs from the paper's code: every product has its own client's scaling, where the code has a constant 16 / rank;
 * signs are fixed; where dW has a lower rank than the tier, A's rows go on inside the clients' and the largest tier's former
 * row space. Head and DoRA's magnitude, whose shapes do not depend on the rank, are averaged over all clients.
 */
export const flexlora = {
  name: "flexlora",
  summary: "SVD of the mean product, cut to each client's rank: any mix of ranks",
  paper: {
    title:
      "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client Resources",
    id: "arXiv:2402.11505",
    equations: "the weighted sum of s_k B_k A_k, its SVD, and the redistribution U_r S_r, V_r^T",
  },
  config,
  claims: {
    exactProduct: false,
    linear: false,
    meanOnly: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "clients",
    canonical: true,
    ranks: "joint",
  },
  defaultHead: "share",
  ...tierFunctions<FlexConfig>(() => [{ share: ["down", "up", "magnitude"], keep: [] }]),
  ...stackFunctions,
  finish: (state: FlexState, stack, rng) => finish(state, stack as ClientStack, rng),
} as const satisfies Method<FlexConfig, FlexState>;

function finish(state: FlexState, stack: ClientStack, rng: Rng): MethodResult<FlexState> {
  const { sums } = stack;
  const deltas = meanDeltas(sums, ["head", "magnitude"]);
  const updateNorm = lengthOf(deltas);
  const starts = state.tiers.map(({ layout, values }) => gatherRoles(layout, values, sums.roles));
  const widest = starts.length - 1;
  let retained = 1;
  let m = 0;
  for (const module of trainedModules(stack, state.tiers)) {
    const places = state.tiers.map(({ rank }) => stackPlaces(stack, rank)[m]);
    m += 1;
    const [start, place] = [starts[widest], places[widest]];
    if (start === undefined || place === undefined) continue;
    const spectrum = spectrumOf(module, readPair(start, place), rng);
    for (const [t, { rank, scaling }] of state.tiers.entries()) {
      const [delta, from, own] = [deltas[t], starts[t], places[t]];
      if (delta === undefined || from === undefined || own === undefined) continue;
      const pair = cutTo(spectrum, rank, scaling);
      const before = readPair(from, own);
      // The next state is start plus delta, in float64: put the difference there.
      const [up, down] = [subtract(pair.up, before.up), subtract(pair.down, before.down)];
      writePair(delta, own, { up, down });
      retained = Math.min(retained, retainedShare(spectrum.S, rank, spectrum.energy));
    }
  }
  const next = movedBy(state, sums, deltas);
  return { state: next, parts: publishFactors(next), metrics: { updateNorm, retained } };
}

/** dW = sum of S_i left_i right_i^T, the largest; `energy` = ||dW||^2. */
interface Spectrum extends Triples {
  readonly energy: number;
}

/** The SVD of a module's mean product; `former` adds rows without weight, so that there are at least its r of them. */
function spectrumOf({ module, pairs }: TrainedModule, former: LowRank, rng: Rng): Spectrum {
  const products = pairs.map((pair) => ({ ...pair, weight: pair.share * pair.scaling }));
  const sum = factoredSum([...products, { ...former, weight: 0 }]);
  const triples = leadingTriples(sum, former.down.rows, rng.fork(`spectrum of ${module}`));
  return { ...triples, energy: energyOf(sum) };
}

/** B = U_r S_r / scaling and A = V_r^T, signs by the largest entry of each row of A; zero beyond what there is. */
function cutTo({ left, S, right }: Spectrum, rank: number, scaling: number): LowRank {
  const [out, width] = [left.cols, right.cols];
  const up = zeros(out, rank);
  const down = zeros(rank, width);
  for (let i = 0; i < Math.min(rank, S.length); i++) {
    const row = right.data.subarray(i * width, (i + 1) * width);
    const sign = largestSign(row);
    for (let j = 0; j < width; j++) down.data[i * width + j] = sign * (row[j] ?? 0);
    const factor = (sign * (S[i] ?? 0)) / scaling;
    for (let j = 0; j < out; j++) up.data[j * rank + i] = factor * (left.data[i * out + j] ?? 0);
  }
  return { up, down };
}
