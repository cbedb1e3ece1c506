import type { Method, NoOptions } from "@fedtune/core";
import { noOptions } from "@fedtune/core";
import { meanOfRoles } from "../mean-of-roles.ts";
import type { TierState } from "../tiers.ts";

/**
 * Freezes A and B, and trains and averages the small R between them: exact, r x r values per module whatever its size.
 *
 * Per module A is `[r, in]`, B `[out, r]` and R `[r, r]`, the weight change s B R A: the sum of p_k B R_k A equals
 * B (sum of p_k R_k) A. Neither the message nor the server's memory depends on in, out or the number of clients. Such an R
 * has few values: ranks that compete with LoRA's are several times larger.
 *
 * Departs from the paper: its A, B and first R come from the SVD of an estimated first gradient, which would cost a round
 * on private data (and its share of a privacy budget) before round 1; here A and B are the adapter kind's own, singular
 * vectors of the base weight, and R starts as that kind starts it. The scaling is the kind's, not fixed at 1. A shared head is
 * averaged; clients of different ranks are averaged within their rank.
 */
export const fedSb = {
  name: "fed-sb",
  summary: "Averages the r x r matrix between frozen factors: exact, the smallest messages",
  paper: {
    title:
      "Fed-SB: A Silver Bullet for Extreme Communication Efficiency and Performance in (Private) Federated LoRA Fine-Tuning",
    id: "arXiv:2502.15436",
    equations: "the aggregation: R = mean of R_k between fixed B and A",
  },
  config: noOptions,
  claims: {
    exactProduct: true,
    linear: true,
    acceptsStale: true,
    meanOnly: true,
    freezes: ["down", "up"],
    personal: [],
    sharedGauge: true,
    products: ["BRA"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  ...meanOfRoles<NoOptions>({ share: ["core"], keep: [] }),
} as const satisfies Method<NoOptions, TierState>;
