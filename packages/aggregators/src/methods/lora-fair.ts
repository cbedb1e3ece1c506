import {
  frobeniusNorm,
  gatherRoles,
  multiply,
  multiplyTransposedLeft,
  multiplyTransposedRight,
  subtract,
  transpose,
  zeros,
} from "@fedtune/core";
import type { LowRank, Matrix, Method, MethodResult, MethodUpdate } from "@fedtune/core";
import { z } from "zod";
import { tierFunctions } from "../mean-of-roles.ts";
import type { Cycle, OptionState } from "../mean-of-roles.ts";
import { pairPlaces, readPair } from "../module-pairs.ts";
import type { PairPlace } from "../module-pairs.ts";
import { cosineFit, ridgeFit } from "../residual-fit.ts";
import type { FitProblem } from "../residual-fit.ts";
import { addToSums, lengthOf, meanDeltas, movedBy, openSums } from "../tier-sums.ts";
import type { RoundSums } from "../tier-sums.ts";
import { publishFactors, tierOf } from "../tiers.ts";
import type { AdapterTier } from "../tiers.ts";

const config = z.strictObject({
  mode: z
    .enum(["ridge", "cos-sgd"])
    .default("ridge")
    .describe("ridge: least squares in closed form; cos-sgd: the paper's descent on a cosine"),
  residual: z.enum(["B", "A", "both"]).default("B").describe("the factor that is corrected"),
  lambda: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.01)
    .describe("holds the corrected factor near the mean; relative, without a unit"),
  steps: z.int().positive().max(100_000).default(1000).describe("of cos-sgd"),
  learningRate: z.number().positive().max(10).default(0.01).describe("of cos-sgd, relative"),
});

/** Options of LoRA-FAIR. */
export type FairConfig = z.output<typeof config>;

type FairState = OptionState<FairConfig>;

/** Second pass: what the clients' products have beyond the product of the means. */
interface FairSums {
  readonly round: number;
  readonly means: RoundSums;
  /** Mean change per tier, packed. */
  readonly deltas: readonly Float64Array[];
  readonly tiers: readonly {
    readonly rank: number;
    readonly delta: Float64Array;
    readonly modules: readonly ModuleSums[];
  }[];
}

/** With B and A the means, E = sum w_k (B_k - B)(A_k - A): E A^T `[out, r]` and B^T E `[r, in]`, sums not yet divided. */
interface ModuleSums {
  readonly place: PairPlace;
  readonly mean: LowRank;
  /** Mean change of the pair. */
  readonly change: LowRank;
  readonly up: Matrix;
  /** Null where A is not corrected. */
  readonly down: Matrix | null;
}

const cycle: Cycle = [{ share: ["down", "up", "magnitude"], keep: [] }];

/**
 * Averages A and B, then corrects B (or A, or both) so that the product of the factors comes closer to the mean of the
 * clients' products.
 *
 * Per module A is `[r, in]` and B `[out, r]`, the means; dW = sum of p_k B_k A_k. With mode `ridge` B becomes B + D,
 * D (A A^T + mu I) = (dW - B A) A^T, mu = lambda tr(A A^T) / r: the least-squares correction, held near the mean. With
 * `cos-sgd` D descends from 0 on 1 - cos(dW, (B + D) A) + lambda ||D||^2 as in the paper. dW - B A is the sum of
 * p_k (B_k - B)(A_k - A), gathered in a second pass once the means are known, in products with A and B only: memory
 * O(adapter), no digits lost when clients are close. `correction` reports the largest ||D|| over the norm of its mean.
 *
 * Departs from the paper: the closed form is the default; lambda and the steps of cos-sgd are relative (the paper's
 * have the units of the factors, and the penalty is squared, as the gradient at D = 0 needs); its cosine is to the part of
 * dW in A's row space, the only one that a corrected B can reach: the same direction of descent without keeping every
 * client. Residual `A` is the same with the roles exchanged; `both` corrects B, then A for what is left, linearised at
 * the means. Where a factor or a product is zero there is no correction. Head and DoRA's magnitude are averaged;
 * clients of different ranks are averaged and corrected within their rank.
 */
export const loraFair = {
  name: "lora-fair",
  summary: "Means of A and B, with B corrected towards the mean of the products",
  paper: {
    title: "LoRA-FAIR: Federated LoRA Fine-Tuning with Aggregation and Initialization Refinement",
    id: "arXiv:2411.14961",
    equations:
      "the residual problem: min over D of S(dW, (B + D) A) + lambda ||D||, by ridge regression or by descent on 1 - cos",
  },
  config,
  claims: {
    exactProduct: false,
    linear: false,
    meanOnly: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  passes: 2,
  ...tierFunctions<FairConfig>(() => cycle),
  begin: (state: FairState, { round }, { previous }): object =>
    previous === null ? openSums(state, round) : openFair(state, previous as RoundSums),
  accumulate: (sums, update) => {
    if ("means" in sums) addResidual(sums as FairSums, update);
    else addToSums(sums as RoundSums, update);
  },
  finish: (state: FairState, sums) => finish(state, sums as FairSums),
} as const satisfies Method<FairConfig, FairState>;

function openFair(state: FairState, means: RoundSums): FairSums {
  const { round } = means;
  const deltas = meanDeltas(means);
  const tiers = state.tiers.map((tier, t) => {
    const delta = deltas[t] ?? new Float64Array();
    const modules = moduleSums(tier, means, { delta, residual: state.options.residual });
    return { rank: tier.rank, delta, modules };
  });
  return { round, means, deltas, tiers };
}

function moduleSums(
  tier: AdapterTier,
  { roles, tiers }: RoundSums,
  means: { readonly delta: Float64Array; readonly residual: FairConfig["residual"] },
) {
  const { delta, residual } = means;
  const start = gatherRoles(tier.layout, tier.values, roles);
  const mean = delta.map((change, i) => (start[i] ?? 0) + change);
  return pairPlaces(tierOf(tiers, tier.rank).layout).map((place): ModuleSums => {
    const pair = readPair(mean, place);
    const { up, down } = pair;
    return {
      place,
      mean: pair,
      change: readPair(delta, place),
      up: zeros(up.rows, up.cols),
      down: residual === "B" ? null : zeros(down.rows, down.cols),
    };
  });
}

function addResidual({ tiers }: FairSums, { rank, weight: w, delta }: MethodUpdate): void {
  if (w === 0) return;
  const tier = tierOf(tiers, rank);
  for (const sums of tier.modules) {
    const own = readPair(delta, sums.place);
    const dB = subtract(own.up, sums.change.up);
    const dA = subtract(own.down, sums.change.down);
    const { up: B, down: A } = sums.mean;
    addScaled(sums.up, multiply(dB, multiplyTransposedRight(dA, A)), w);
    if (sums.down !== null) addScaled(sums.down, multiply(multiplyTransposedLeft(B, dB), dA), w);
  }
}

/** `sum += by * M`, in place. */
function addScaled({ data: sum }: Matrix, { data }: Matrix, by: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + by * (data[i] ?? 0);
}

function finish(state: FairState, sums: FairSums): MethodResult<FairState> {
  let correction = 0;
  const deltas = sums.tiers.map((tier) => {
    const { weight } = tierOf(sums.means.tiers, tier.rank).mean;
    const delta = tier.delta.slice();
    for (const module of weight > 0 ? tier.modules : []) {
      const { up, down } = corrections(module, weight, state.options);
      for (const [D, factor, mean] of [
        [up, module.place.up, module.mean.up],
        [down, module.place.down, module.mean.down],
      ] as const) {
        D.data.forEach(
          (value, i) => (delta[factor.offset + i] = (delta[factor.offset + i] ?? 0) + value),
        );
        const length = frobeniusNorm(mean);
        if (length > 0) correction = Math.max(correction, frobeniusNorm(D) / length);
      }
    }
    return delta;
  });
  const next = movedBy(state, sums.means, deltas);
  const metrics = { updateNorm: lengthOf(sums.deltas), correction };
  return { state: next, parts: publishFactors(next), metrics };
}

/** D of B `[out, r]` and D of A `[r, in]`; zero for a factor that is not corrected. */
function corrections(sums: ModuleSums, weight: number, options: FairConfig): LowRank {
  const { up: B, down: A } = sums.mean;
  const scaled = (M: Matrix): Matrix => ({ ...M, data: M.data.map((value) => value / weight) });
  const fit = (problem: FitProblem): Matrix =>
    options.mode === "ridge" ? ridgeFit(problem, options.lambda) : cosineFit(problem, options);
  const up =
    options.residual === "A"
      ? zeros(B.rows, B.cols)
      : fit({ factor: B, gram: multiplyTransposedRight(A, A), misfit: scaled(sums.up) });
  if (sums.down === null) return { up, down: zeros(A.rows, A.cols) };
  // What the corrected B has taken care of is no longer A's to correct.
  const done = multiply(multiplyTransposedLeft(B, up), A);
  const misfit = transpose(subtract(scaled(sums.down), done));
  const down = fit({ factor: transpose(A), gram: multiplyTransposedLeft(B, B), misfit });
  return { up, down: transpose(down) };
}
