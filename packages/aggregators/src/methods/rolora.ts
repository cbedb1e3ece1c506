import type { Method, NoOptions } from "@fedtune/core";
import { noOptions } from "@fedtune/core";
import { meanOfRoles } from "../mean-of-roles.ts";
import type { TierState } from "../tiers.ts";

/**
 * Trains and averages B in odd rounds and A in even ones, the other factor frozen: exact in every round, and both learn.
 *
 * Per module A is `[r, in]` and B `[out, r]`: with A fixed the sum of p_k B_k A equals (sum of p_k B_k) A, with B fixed
 * likewise. Rounds count from 1, so that B, which starts at zero, is first: while it is zero A has no gradient. Every
 * round publishes the factor that moved; a client that sat out gets the newest of each. With VeRA, b and d take turns.
 *
 * Departs from the paper: a shared or personal head trains in every round; DoRA's magnitude, which the paper does not
 * have, trains beside B; means are taken of changes, in float64; clients of different ranks are averaged within their
 * rank.
 */
export const rolora = {
  name: "rolora",
  summary: "Trains B and A in turn: exact aggregation, half the bytes, both factors learn",
  paper: {
    title: "Robust Federated Finetuning of Foundation Models via Alternating Minimization of LoRA",
    id: "arXiv:2409.02346",
    equations:
      "the alternating rounds: the mean of B_k with A fixed, then the mean of A_k with B fixed",
  },
  config: noOptions,
  claims: {
    exactProduct: true,
    linear: true,
    meanOnly: true,
    freezes: [],
    personal: [],
    sharedGauge: true,
    products: ["BA", "diagonal"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  ...meanOfRoles<NoOptions>(
    { share: ["up", "magnitude"], keep: [] },
    { share: ["down"], keep: [] },
  ),
} as const satisfies Method<NoOptions, TierState>;
