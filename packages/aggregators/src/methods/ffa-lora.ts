import { FedtuneError, multiplyTransposedRight, qr, transpose } from "@fedtune/core";
import type { Layout, Method, MethodContext, Rng } from "@fedtune/core";
import { z } from "zod";
import { meanOfRoles } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";
import { pairPlaces, readPair, writePair } from "../module-pairs.ts";
import { padRows } from "../refactorise.ts";
import { tierOf } from "../tiers.ts";

const config = z.strictObject({
  orthonormalInit: z
    .boolean()
    .default(false)
    .describe("start from an orthonormal basis of the row space of the first A"),
});

/** Options of FFA-LoRA. */
export type FfaConfig = z.output<typeof config>;

type FfaState = OptionState<FfaConfig>;

const shared = meanOfRoles<FfaConfig>({ share: ["up", "magnitude"], keep: [] });

/**
 * Freezes A at its first values, bit-identical everywhere because every party derives it from the run's seed, and
 * averages B.
 *
 * Per module A is `[r, in]` and B `[out, r]`: the sum of p_k B_k A equals (sum of p_k B_k) A, so the aggregate is the
 * mean of the clients' products, and half of the bytes travel. With VeRA, d is frozen and b is averaged.
 *
 * With `orthonormalInit` A is replaced before round 1 by an orthonormal basis of its own row space (thin QR of A^T, the
 * diagonal of R positive), and B by B R^T, so that a product that does not start at zero stays. Such a run is FedSVD under
 * plain gradient descent; A's rows have length 1 where LoRA's have about 0.6, so that B's gradients grow. The first
 * adapter is then published, since the seed alone no longer gives it.
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
  config,
  claims: {
    exactProduct: true,
    linear: true,
    acceptsStale: true,
    meanOnly: true,
    freezes: ["down"],
    personal: [],
    sharedGauge: true,
    products: ["BA", "diagonal"],
    memory: "adapter",
    canonical: false,
    ranks: "separate",
  },
  defaultHead: "share",
  ...shared,
  init,
  decode: (bytes, options, context) => shared.decode(bytes, options, started(options, context)),
} as const satisfies Method<FfaConfig, FfaState>;

function init(options: FfaConfig, context: MethodContext, rng: Rng): FfaState {
  return shared.init(options, started(options, context), rng);
}

/** The context with the first adapters that the options ask for. */
function started({ orthonormalInit }: FfaConfig, context: MethodContext): MethodContext {
  if (!orthonormalInit) return context;
  const initial = (rank: number): Float32Array => {
    const { layout } = tierOf(context.tiers, rank);
    return withOrthonormalRows(layout, context.initial(rank));
  };
  return { ...context, initial };
}

/** Every pair A, B of `values` as R^-T A, B R^T with orthonormal rows, in place; with r > in the rows beyond in are zero. */
function withOrthonormalRows(layout: Layout, values: Float32Array): Float32Array {
  for (const place of pairPlaces(layout)) {
    if (place.down.shape.length !== 2) {
      const message = `Cannot start from orthonormal rows of "${place.down.name}": it is a vector; wanted orthonormalInit false`;
      throw new FedtuneError("config-conflict", message, { data: { factor: place.down.name } });
    }
    const { up, down } = readPair(values, place);
    const { Q, R } = qr(transpose(down));
    const turned = multiplyTransposedRight(up, padRows(R, down.rows));
    writePair(values, place, { up: turned, down: padRows(transpose(Q), down.rows) });
  }
  return values;
}
