import type { Method, NoOptions } from "@fedtune/core";
import { noOptions } from "@fedtune/core";
import { meanOfRoles } from "../mean-of-roles.ts";
import type { TierState } from "../tiers.ts";

/**
 * Freezes A at its first values, bit-identical everywhere because every party derives it from the run's seed, and
 * averages B.
 *
 * Per module A is `[r, in]` and B `[out, r]`: the sum of p_k B_k A equals (sum of p_k B_k) A, so the aggregate is the
 * mean of the clients' products, and half of the bytes travel. With VeRA, d is frozen and b is averaged.
 *
 * Departs from the paper: DoRA's magnitude, which the paper does not have, is trained and averaged beside B (exact is
 * the product B A, not DoRA's normalised weight); clients of different ranks are averaged within their rank.
 */
export const ffaLora = {
  name: "ffa-lora",
  summary: "Freezes A and averages B: exact aggregation, half the bytes",
  paper: {
    title: "Improving LoRA in Privacy-preserving Federated Learning",
    id: "arXiv:2403.12313",
    equations: "the aggregation with A fixed: mean of B_k times A_0 equals the mean of B_k A_0",
  },
  config: noOptions,
  claims: {
    exactProduct: true,
    linear: true,
    freezes: ["down"],
    personal: [],
    products: ["BA", "diagonal"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  ...meanOfRoles<NoOptions>({ share: ["up", "magnitude"], keep: [] }),
} as const satisfies Method<NoOptions, TierState>;
