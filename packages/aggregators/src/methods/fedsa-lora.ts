import { coldStarts } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { z } from "zod";
import { meanOfCycle } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";

const config = z.strictObject({
  coldStart: z
    .enum(coldStarts)
    .default("zero")
    .describe("what a client without a B of its own does first: start at zero, or fit B to A"),
});

/** Options of FedSA-LoRA. */
export type FedSaConfig = z.output<typeof config>;

/**
 * Averages A and leaves B with each client: personalised adapters that share what they have in common.
 *
 * Per module A is `[r, in]` and B `[out, r]`: clients train both, next A = sum of p_k A_k, client k goes on with its own
 * B_k, so that its weight change is B_k A; half of the bytes travel. The same over rsLoRA and VeRA: VeRA's d (role
 * down, `[r]`) is averaged, its b (role up) stays. The head stays too, unless the run says otherwise.
 *
 * There is no single global model. A client that never trained has no B. With `coldStart` "zero" it starts at B = 0, the
 * product's start, whatever A has learned; with "fit" it first trains B (and a personal head) alone for as long as a round
 * takes, A frozen, so that its first update does not pull A towards a B that is not there yet. Clients that already have a
 * B are not concerned.
 *
 * Departs from the paper's code: B and head are kept per client, as the paper says, where the released simulation trains
 * one B after the other; p_k is the client's share of the examples it has, not of those it processed; means are
 * taken of changes, in float64; clients of different ranks are averaged within their rank. DoRA's magnitude, which the
 * paper does not have, belongs to a client's own B A and stays with it.
 */
export const fedsaLora = {
  name: "fedsa-lora",
  summary: "Averages A, keeps B and head at each client: personal adapters, half the bytes",
  paper: {
    title: "Selective Aggregation for Low-Rank Adaptation in Federated Learning",
    id: "arXiv:2410.01463",
    equations: "the selective aggregation: the mean of A_k; each client keeps its B_k",
  },
  config,
  claims: {
    exactProduct: false,
    linear: true,
    meanOnly: true,
    freezes: [],
    personal: ["up", "magnitude"],
    products: ["BA", "diagonal"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "personal",
  ...meanOfCycle(({ coldStart }: FedSaConfig) => [
    { share: ["down"], keep: ["up", "magnitude"], coldStart },
  ]),
} as const satisfies Method<FedSaConfig, OptionState<FedSaConfig>>;
