import {
  combine,
  frobeniusNorm,
  identity,
  multiply,
  multiplyTransposedRight,
  qr,
  transpose,
} from "@fedtune/core";
import type { Matrix, Method, MethodContext, MethodMetrics } from "@fedtune/core";
import { z } from "zod";
import { finishMeans, tierFunctions } from "../mean-of-roles.ts";
import type { Cycle } from "../mean-of-roles.ts";
import { pairPlaces, readMatrix, readPair, writePair } from "../module-pairs.ts";
import { refactorise } from "../refactorise.ts";
import { addToSums, openSums } from "../tier-sums.ts";
import type { RoundSums } from "../tier-sums.ts";
import { decodeTiers, initTiers, phaseOf } from "../tiers.ts";
import type { AdapterTier, TierState } from "../tiers.ts";

const config = z.strictObject({
  period: z
    .int()
    .positive()
    .max(1000)
    .default(1)
    .describe("rounds from one refactorisation to the next"),
  split: z
    .enum(["s-in-b", "sqrt"])
    .default("s-in-b")
    .describe("singular values in B alone, so that A has orthonormal rows, or their roots in both"),
});

/** Options of FedSVD. */
export type FedSvdConfig = z.output<typeof config>;

/** The shared state, and how singular values are split. */
export interface FedSvdState extends TierState {
  readonly split: FedSvdConfig["split"];
}

/** B is averaged in every round; the last round of each period also publishes A. */
function cycleOf({ period }: FedSvdConfig): Cycle {
  const still = { share: ["up", "magnitude"], keep: [] } as const;
  const turning = { ...still, reshape: ["down"] } as const;
  return [...Array.from({ length: period - 1 }, () => still), turning] as unknown as Cycle;
}

function init(options: FedSvdConfig, context: MethodContext): FedSvdState {
  return { ...initTiers(cycleOf(options), context), split: options.split };
}

/**
 * Trains and averages B with A frozen, then refactors the product B A by its SVD: A gets orthonormal rows, B the
 * spectrum.
 *
 * Per module A is `[r, in]` and B `[out, r]`: B = sum of p_k B_k; with B A = U S V^T the next factors are B = U S and
 * A = V^T, the product unchanged. By thin QR of both and the SVD of an r x r core, in O((in + out) r^2); signs are
 * fixed. Metrics: `orthogonality`, the largest ||A A^T - I|| of a module (split s-in-b), and `rowSpaceDrift`, the largest
 * share of a new A outside of the old one's row space; both stay at float32 rounding.
 *
 * Departs from the paper: A stays in the row space of the run's first A, where the SVD of a full [out, in] matrix leaves it
 * by rounding as soon as B is rank-deficient; A is published in full when it changes, r in values, since parts of a
 * round are values and never rotations to be multiplied; with split "sqrt" a row of A whose singular value is zero
 * keeps length 1; the head is averaged unless the run freezes it, as the paper does; DoRA's magnitude is averaged, not taken anew from the
 * current weight, which refactoring leaves as it was; clients of different ranks are averaged within their rank. A
 * client's optimiser starts anew in every round, so no moments refer to an old basis.
 */
export const fedsvd = {
  name: "fedsvd",
  summary: "Averages B, then turns A orthonormal by an SVD of B A: exact, A adapts",
  paper: {
    title: "FedSVD: Adaptive Orthogonalization for Private Federated Learning with LoRA",
    id: "arXiv:2505.12805",
    equations:
      "the mean of B_k, then U S V^T = B A with B = U_r S_r and A = V_r^T every `period` rounds",
  },
  config,
  claims: {
    exactProduct: true,
    linear: false,
    freezes: [],
    personal: [],
    products: ["BA"],
    memory: "adapter",
    canonical: true,
    ranks: "separate",
  },
  defaultHead: "share",
  passes: 1,
  ...tierFunctions(cycleOf),
  init,
  decode: (bytes, options, context) => decodeTiers(bytes, init(options, context)),
  begin: (state, { round }): RoundSums => openSums(state, round),
  accumulate: (sums, update) => {
    addToSums(sums as RoundSums, update);
  },
  finish: (state, sums) => finishMeans(state, sums as RoundSums, refactored),
} as const satisfies Method<FedSvdConfig, FedSvdState>;

/** The state with new factors of the same products, in rounds that publish A. */
function refactored(state: FedSvdState): readonly [FedSvdState, MethodMetrics] {
  if (!phaseOf(state, state.round).publish.includes("down")) return [state, {}];
  const turned = state.tiers.map((tier) => turnedTier(tier, state.split));
  const worst = (values: readonly number[]): number => Math.max(0, ...values);
  const rowSpaceDrift = worst(turned.map(({ drift }) => drift));
  const orthogonality = worst(turned.map((tier) => tier.orthogonality));
  return [
    { ...state, tiers: turned.map(({ tier }) => tier) },
    state.split === "s-in-b" ? { rowSpaceDrift, orthogonality } : { rowSpaceDrift },
  ];
}

function turnedTier(tier: AdapterTier, split: FedSvdConfig["split"]) {
  const values = tier.values.slice();
  let [drift, orthogonality] = [0, 0];
  for (const place of pairPlaces(tier.layout)) {
    const old = readPair(tier.values, place);
    writePair(values, place, refactorise(old, split));
    const A = readMatrix(values, place.down);
    drift = Math.max(drift, shareOutside(A, old.down));
    orthogonality = Math.max(orthogonality, distanceFromOrthonormal(A));
  }
  return { tier: { ...tier, values }, drift, orthogonality };
}

/** ||A - A P|| / ||A|| with P the projection on the row space of `space`. */
function shareOutside(A: Matrix, space: Matrix): number {
  const { Q } = qr(transpose(space));
  const inside = multiplyTransposedRight(multiply(A, Q), Q);
  return frobeniusNorm(combine(1, A, { beta: -1, B: inside })) / frobeniusNorm(A);
}

/** ||A A^T - I||. */
function distanceFromOrthonormal(A: Matrix): number {
  const gram = multiplyTransposedRight(A, A);
  return frobeniusNorm(combine(1, gram, { beta: -1, B: identity(A.rows) }));
}
