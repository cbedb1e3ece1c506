/**
 * The arithmetic that linear methods share: the weighted mean of some roles over one global vector per rank tier.
 *
 * Clients of one tier are averaged among themselves. The head has the same shape everywhere and is averaged over all
 * tiers. The server holds float32 values, so that they are bit for bit what clients hold; sums are float64.
 */
import {
  FedtuneError,
  factorRoles,
  gatherRoles,
  parseInput,
  scatterRoles,
  selectRoles,
} from "@fedtune/core";
import type {
  FactorRole,
  Layout,
  Method,
  MethodContext,
  MethodResult,
  MethodUpdate,
  NoOptions,
  Plan,
  PlannedClient,
  RoundFacts,
} from "@fedtune/core";
import { z } from "zod";
import { packState, unpackState } from "./state-bytes.ts";
import { addToMean, checkWeight, emptyMean } from "./weighted-mean.ts";
import type { WeightedMean } from "./weighted-mean.ts";

/** Which roles a method averages and which stay with each client; the head goes by its own policy, the rest is frozen. */
export interface RoleSplit {
  readonly share: readonly FactorRole[];
  readonly keep: readonly FactorRole[];
}

/** State of a method that averages roles. */
export interface MeanState {
  /** Last finished round; 0 before the first. */
  readonly round: number;
  readonly plan: Omit<Plan, "rank">;
  /** Ascending rank. */
  readonly tiers: readonly MeanTier[];
}

/** One tier's global adapter: `[layout.size]`, personal and frozen factors as in round 0. */
export interface MeanTier {
  readonly rank: number;
  readonly layout: Layout;
  readonly values: Float32Array;
}

/** The running sums of one round. */
interface MeanSums {
  readonly round: number;
  readonly tiers: readonly TierSums[];
}

/** Sums of one tier over its uploaded roles, packed. */
interface TierSums {
  readonly rank: number;
  readonly roles: readonly FactorRole[];
  readonly layout: Layout;
  readonly mean: WeightedMean;
}

/** Everything of a method but its name, paper and claims. */
type MethodFunctions = Omit<
  Method<NoOptions, MeanState>,
  "name" | "summary" | "paper" | "config" | "claims" | "defaultHead"
>;

/** The functions of a method that averages `split.share`; the method spreads them into its own value. */
export function meanOfRoles(split: RoleSplit): MethodFunctions {
  return {
    passes: 1,
    init: (_config, context) => initMeans(split, context),
    plan: ({ plan }, _round, { rank }) => ({ rank, ...plan }),
    download: downloadMeans,
    begin: beginMeans,
    accumulate: accumulateMeans,
    finish: finishMeans,
    adapter: (state, rank) => tierOf(state.tiers, rank).values.slice(),
    encode: encodeMeans,
    decode: (bytes, _config, context) => decodeMeans(bytes, initMeans(split, context)),
  };
}

function initMeans(split: RoleSplit, context: MethodContext): MeanState {
  const tiers = context.tiers.map(({ rank, layout }) => ({
    rank,
    layout,
    values: context.initial(rank),
  }));
  const present = (roles: readonly FactorRole[], head: boolean) =>
    factorRoles.filter(
      (role) =>
        (role === "head" ? head : roles.includes(role)) &&
        context.tiers[0].layout.factors.some((factor) => factor.role === role),
    );
  const upload = present(split.share, context.head === "share");
  const personal = present(split.keep, context.head === "personal");
  const train = factorRoles.filter((role) => upload.includes(role) || personal.includes(role));
  return { round: 0, plan: { train, upload, personal, codec: context.uploadCodec }, tiers };
}

/** Every finished round publishes each tier's shared values in full: the latest part alone serves every client. */
function downloadMeans({ round }: MeanState, { rank, holds }: PlannedClient): string[] {
  return round === 0 || holds === round ? [] : [partId(round, rank)];
}

function partId(round: number, rank: number): string {
  return `round-${String(round)}/rank-${String(rank)}`;
}

function beginMeans({ plan, tiers }: MeanState, { round }: RoundFacts): MeanSums {
  return {
    round,
    tiers: tiers.map(({ rank, layout }) => {
      const packed = selectRoles(layout, plan.upload);
      return { rank, roles: plan.upload, layout: packed, mean: emptyMean(packed.size) };
    }),
  };
}

function accumulateMeans(
  sums: MeanSums,
  { rank, roles, delta, weight, index }: MethodUpdate,
): void {
  const tier = tierOf(sums.tiers, rank);
  if (roles.length !== tier.roles.length || !roles.every((role) => tier.roles.includes(role))) {
    throw new FedtuneError(
      "shape-mismatch",
      `Cannot aggregate round ${String(sums.round)}: client ${String(index)} sent ${roles.join(", ")}, ` +
        `expected ${tier.roles.join(", ")}`,
      { data: { round: sums.round, index, roles, expected: tier.roles } },
    );
  }
  addToMean(tier.mean, delta, weight);
}

function finishMeans(state: MeanState, { round, tiers }: MeanSums): MethodResult<MeanState> {
  checkWeight({
    count: total(tiers.map(({ mean }) => mean.count)),
    weight: total(tiers.map(({ mean }) => mean.weight)),
  });
  const deltas = tiers.map((tier) => meanDelta(tier, tiers));
  const next = state.tiers.map((tier, t) => moved(tier, state.plan.upload, deltas[t] ?? []));
  const parts = next.map(({ rank, layout, values }) => ({
    kind: "factors" as const,
    id: partId(round, rank),
    rank,
    roles: state.plan.upload,
    values: gatherRoles(layout, values, state.plan.upload),
  }));
  const updateNorm = Math.sqrt(total(deltas.map((delta) => total(delta.map((x) => x * x)))));
  return { state: { ...state, round, tiers: next }, parts, metrics: { updateNorm } };
}

/** The mean change of a tier's uploaded roles, packed: its own mean, the head's over all tiers; zero where nobody weighed in. */
function meanDelta(tier: TierSums, tiers: readonly TierSums[]): Float64Array {
  const delta = new Float64Array(tier.layout.size);
  for (const { name, role, offset, size } of tier.layout.factors) {
    const sources = role === "head" ? tiers : [tier];
    const weight = total(sources.map(({ mean }) => mean.weight));
    if (weight === 0) continue;
    const pooled = delta.subarray(offset, offset + size);
    for (const source of sources) addFactor(pooled, source, name);
    pooled.forEach((sum, i) => (pooled[i] = sum / weight));
  }
  return delta;
}

function addFactor(pooled: Float64Array, { layout, mean }: TierSums, name: string): void {
  const factor = layout.factors.find((candidate) => candidate.name === name);
  if (factor?.size !== pooled.length) {
    throw new FedtuneError(
      "layout-mismatch",
      `Cannot average "${name}" over rank tiers: ${String(factor?.size ?? 0)} values in one, ` +
        `${String(pooled.length)} in another`,
      { data: { factor: name, sizes: [factor?.size ?? 0, pooled.length] } },
    );
  }
  for (let i = 0; i < pooled.length; i++) {
    pooled[i] = (pooled[i] ?? 0) + (mean.sums[factor.offset + i] ?? 0);
  }
}

/** The tier after the mean change; one rounding to float32 per round. */
function moved(tier: MeanTier, roles: readonly FactorRole[], delta: ArrayLike<number>): MeanTier {
  const packed = gatherRoles(tier.layout, tier.values, roles);
  for (let i = 0; i < packed.length; i++) packed[i] = (packed[i] ?? 0) + (delta[i] ?? 0);
  const values = tier.values.slice();
  scatterRoles(tier.layout, values, { roles, packed });
  return { ...tier, values };
}

const headerSchema = z.strictObject({ round: z.int().min(0), ranks: z.array(z.int().positive()) });

function encodeMeans({ round, plan, tiers }: MeanState): Uint8Array {
  return packState({
    header: { round, ranks: tiers.map(({ rank }) => rank) },
    vectors: tiers.map(({ layout, values }) => gatherRoles(layout, values, plan.upload)),
  });
}

/** Puts stored values into the state of round 0, which everything else follows from. */
function decodeMeans(bytes: Uint8Array, initial: MeanState): MeanState {
  const { header, vectors } = unpackState(bytes);
  const what = "the state of a method that averages";
  const { round, ranks } = parseInput(headerSchema, header, { what, code: "codec-invalid" });
  if (ranks.join() !== initial.tiers.map(({ rank }) => rank).join()) {
    throw new FedtuneError("layout-mismatch", `Cannot read a state of ranks ${ranks.join(", ")}`, {
      data: { ranks, expected: initial.tiers.map(({ rank }) => rank) },
    });
  }
  for (const [t, { layout, values }] of initial.tiers.entries()) {
    const packed = vectors[t] ?? new Float32Array();
    scatterRoles(layout, values, { roles: initial.plan.upload, packed });
  }
  return { ...initial, round };
}

function tierOf<T extends { readonly rank: number }>(tiers: readonly T[], rank: number): T {
  const tier = tiers.find((candidate) => candidate.rank === rank);
  if (tier !== undefined) return tier;
  const ranks = tiers.map((candidate) => candidate.rank);
  throw new FedtuneError(
    "layout-mismatch",
    `Cannot find rank ${String(rank)} among the rank tiers ${ranks.join(", ")}`,
    { data: { rank, ranks } },
  );
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
