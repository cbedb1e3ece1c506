import { gatherRoles, parseInput } from "@fedtune/core";
import type {
  BroadcastPart,
  Method,
  MethodContext,
  MethodMetrics,
  MethodResult,
  PlannedClient,
} from "@fedtune/core";
import { z } from "zod";
import { finite } from "../finite.ts";
import { sumFunctions, tierFunctions } from "../mean-of-roles.ts";
import type { OptionState } from "../mean-of-roles.ts";
import { lengthOf, meanDeltas, movedBy } from "../tier-sums.ts";
import type { RoundSums } from "../tier-sums.ts";
import {
  decodeTiers,
  encodeTiers,
  factorParts,
  factorsId,
  liveParts,
  newestAfter,
  publishFactors,
} from "../tiers.ts";
import { turnedTier } from "../turn.ts";
import type { TurnedTier } from "../turn.ts";

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

/** The shared state, and what the newest rotations start from. */
export interface FedSvdState extends OptionState<FedSvdConfig> {
  /** Per rank the first round that held the A which the newest rotation turns; null where A is only there in full. */
  readonly turnedFrom: Readonly<Record<string, number | null>>;
}

const notesSchema = z.strictObject({
  turnedFrom: z.record(z.string(), z.int().min(0).nullable()),
});

const shared = tierFunctions<FedSvdConfig>(() => [
  { share: ["up", "magnitude"], keep: [], reshape: ["down"] },
]);

function init(options: FedSvdConfig, context: MethodContext): FedSvdState {
  return { ...shared.init(options, context), turnedFrom: {} };
}

/**
 * Trains and averages B with A frozen, then refactors the product B A by its SVD: A gets orthonormal rows, B the
 * spectrum.
 *
 * Per module A is `[r, in]` and B `[out, r]`: B = sum of p_k B_k; with B A = U S V^T the next factors are B = U S and
 * A = V^T, the product unchanged. By thin QR of both and the SVD of an r x r core, in O((in + out) r^2); signs are
 * fixed. Beside B a round publishes T `[r, r]` with A := T A for those who hold the previous A, and A in full for the
 * others; see {@link turnedTier}. Every turn corrects the rounding of the last, so that A stays orthonormal for as long as
 * the run lasts; where T would take a row farther than 1e-5 from its place, A is published in full alone. With split
 * "sqrt" T is a general matrix, and all else the same. While B is zero A is only made orthonormal. Metrics:
 * `orthogonality`, the largest ||A A^T - I|| of a module (split s-in-b), and `rowSpaceDrift`, the largest share of a new A
 * outside of the old one's row space; both stay at float32 rounding. `rotated`: the share of rank tiers with a T.
 *
 * Departs from the paper: A stays in the row space of the run's first A, where the SVD of a full [out, in] matrix leaves it
 * by rounding as soon as B is rank-deficient; with split "sqrt" a row of A whose singular value is zero keeps length 1;
 * a period counts from the last refactorisation, so that a round without clients only delays it; the head is averaged
 * unless the run freezes it, as the paper does; DoRA's magnitude is averaged, not taken anew from the current weight,
 * which refactoring leaves as it was; clients of different ranks are averaged within their rank. A client's optimiser starts
 * anew in every round, so no moments refer to an old basis.
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
    meanOnly: true,
    freezes: [],
    personal: [],
    sharedGauge: true,
    products: ["BA"],
    memory: "adapter",
    canonical: true,
    ranks: "separate",
  },
  defaultHead: "share",
  ...shared,
  ...sumFunctions,
  init,
  download,
  live,
  encode: (state: FedSvdState) => encodeTiers(state, { turnedFrom: state.turnedFrom }),
  decode: (bytes, options, context) => {
    const initial = init(options, context);
    const what = "the turns of fedsvd";
    return decodeTiers(bytes, initial, (notes) => ({
      ...initial,
      ...parseInput(notesSchema, notes, { what, code: "codec-invalid" }),
    }));
  },
  finish: (state, sums) => finish(state, sums as RoundSums),
} as const satisfies Method<FedSvdConfig, FedSvdState>;

/** The newest B; before it the newest A, as a rotation where the client holds what that turns. */
function download(state: FedSvdState, client: PlannedClient): string[] {
  const { rank, holds } = client;
  const turned = state.newest.down ?? 0;
  const parts = factorParts(state, client);
  if ((holds ?? 0) >= turned) return parts;
  const from = state.turnedFrom[rank] ?? null;
  const follows = holds !== null && from !== null && holds >= from;
  return [follows ? rotationId(turned, rank) : downId(turned, rank), ...parts];
}

/** The parts of those who hold nothing, and the newest rotation of those who hold what it turns. */
function live(state: FedSvdState): string[] {
  const turned = state.newest.down ?? 0;
  const follows = state.tiers.filter(({ rank }) => (state.turnedFrom[rank] ?? null) !== null);
  return [...liveParts(state, download), ...follows.map(({ rank }) => rotationId(turned, rank))];
}

function finish(state: FedSvdState, sums: RoundSums): MethodResult<FedSvdState> {
  const deltas = meanDeltas(sums);
  const moved = movedBy(state, sums, deltas);
  const due = moved.round - (state.newest.down ?? 0) >= state.options.period;
  const turned = due ? turnedState(moved) : { next: moved, parts: [], metrics: {} };
  return {
    state: turned.next,
    parts: [...publishFactors(turned.next), ...turned.parts],
    metrics: { updateNorm: lengthOf(deltas), ...turned.metrics },
  };
}

/** The state with new factors of the same products, and the parts that bring a client to the new A. */
function turnedState(state: FedSvdState) {
  const { round, newest, options } = state;
  const turns = state.tiers.map((tier) => turnedTier(tier, options.split));
  const worst = (values: readonly number[]): number => Math.max(0, ...values);
  const metrics: MethodMetrics = {
    rowSpaceDrift: worst(turns.map(({ drift }) => drift)),
    ...(options.split === "s-in-b"
      ? { orthogonality: worst(turns.map(({ orthogonality }) => orthogonality)) }
      : {}),
    rotated: turns.filter(({ rotation }) => rotation !== null).length / turns.length,
  };
  const from = newest.down ?? 0;
  const next: FedSvdState = {
    ...state,
    newest: newestAfter(newest, round, ["down"]),
    turnedFrom: Object.fromEntries(
      turns.map(({ tier, rotation }) => [tier.rank, rotation === null ? null : from]),
    ),
    tiers: turns.map(({ tier }) => tier),
  };
  return { next, parts: turns.flatMap((turn) => turnParts(turn, round)), metrics };
}

function turnParts({ tier, rotation }: TurnedTier, round: number): BroadcastPart[] {
  const { rank, layout } = tier;
  const id = downId(round, rank);
  const values = finite(gatherRoles(layout, tier.values, ["down"]), id);
  const whole = { kind: "factors", id, rank, roles: ["down"], values } as const;
  if (rotation === null) return [whole];
  return [whole, { kind: "rotation", id: rotationId(round, rank), rank, values: rotation }];
}

function downId(round: number, rank: number): string {
  return `${factorsId(round, rank)}/down`;
}

function rotationId(round: number, rank: number): string {
  return `${factorsId(round, rank)}/rotation`;
}
