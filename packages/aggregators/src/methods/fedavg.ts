import type { Method, NoOptions } from "@fedtune/core";
import { noOptions } from "@fedtune/core";
import { meanOfRoles } from "../mean-of-roles.ts";
import type { TierState } from "../tiers.ts";

/**
 * Averages every factor by itself: FedIT, FedAvg over adapters, the control that other methods are compared with.
 *
 * Per module A is `[r, in]` and B `[out, r]`: next A = sum of p_k A_k, next B = sum of p_k B_k, with p_k the client's
 * share of the weights. The product of the means is not the mean of the products: they differ by the sum of
 * p_k (B_k - B)(A_k - A). VeRA's vectors d and b, DoRA's magnitude and a shared head are averaged alike.
 *
 * Departs from the paper's code: means are taken of changes, in float64, so that a partial cohort and compressed
 * uploads need no second rule; clients of different ranks are averaged within their rank.
 */
export const fedavg = {
  name: "fedavg",
  summary: "Mean of every factor (FedIT); its product is biased when clients differ",
  paper: {
    title: "Towards Building the Federated GPT: Federated Instruction Tuning",
    id: "arXiv:2305.05644",
    equations: "aggregation on the server: the weighted mean of each low-rank factor",
  },
  config: noOptions,
  claims: {
    exactProduct: false,
    linear: true,
    acceptsStale: true,
    meanOnly: true,
    freezes: [],
    personal: [],
    products: ["BA", "diagonal"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  ...meanOfRoles<NoOptions>({ share: ["down", "up", "magnitude"], keep: [] }),
} as const satisfies Method<NoOptions, TierState>;
