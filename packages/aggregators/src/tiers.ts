/**
 * The state that methods share: one global adapter per rank tier, and a cycle of phases that says who does what when.
 *
 * The server holds float32 values, so that they are bit for bit what clients hold.
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
  BroadcastPart,
  ColdStart,
  FactorRole,
  MethodContext,
  Plan,
  PlannedClient,
  Tier,
} from "@fedtune/core";
import { z } from "zod";
import { packState, unpackState } from "./state-bytes.ts";

/** What one round of a method does with roles; the head goes by its own policy, the rest is frozen. */
export interface RoleSplit {
  /** Trained and uploaded. */
  readonly share: readonly FactorRole[];
  /** Trained and kept by each client. */
  readonly keep: readonly FactorRole[];
  /** Broadcast beside what is shared, because the server changes it. */
  readonly reshape?: readonly FactorRole[];
  /** What a client without personal factors does first; `zero` unless given. */
  readonly coldStart?: ColdStart;
}

/** A round's plan, and the roles that it broadcasts. */
export interface Phase {
  readonly plan: Omit<Plan, "rank">;
  readonly publish: readonly FactorRole[];
}

/** One tier's global adapter: `[layout.size]`, personal and frozen factors as in round 0. */
export interface AdapterTier extends Tier {
  readonly values: Float32Array;
}

/** State of a method whose rounds repeat in a cycle. */
export interface TierState {
  /** Last finished round; 0 before the first. */
  readonly round: number;
  /** Round r follows phase (r - 1) modulo their number. */
  readonly phases: readonly [Phase, ...Phase[]];
  /** Ascending rank. */
  readonly tiers: readonly AdapterTier[];
}

/** The state before round 1; round r follows split (r - 1) modulo their number. */
export function initTiers(
  [first, ...others]: readonly [RoleSplit, ...RoleSplit[]],
  context: MethodContext,
): TierState {
  const tiers = context.tiers.map((tier) => ({ ...tier, values: context.initial(tier.rank) }));
  const phase = (split: RoleSplit): Phase => phaseFrom(split, context);
  return { round: 0, phases: [phase(first), ...others.map(phase)], tiers };
}

function phaseFrom(split: RoleSplit, context: MethodContext): Phase {
  const { share, keep, reshape = [], coldStart = "zero" } = split;
  const { head, uploadCodec: codec } = context;
  const { factors } = context.tiers[0].layout;
  const present = (roles: readonly FactorRole[], withHead: boolean) =>
    factorRoles.filter(
      (role) =>
        (role === "head" ? withHead : roles.includes(role)) &&
        factors.some((factor) => factor.role === role),
    );
  const upload = present(share, head === "share");
  const personal = present(keep, head === "personal");
  const train = factorRoles.filter((role) => upload.includes(role) || personal.includes(role));
  const publish = present([...share, ...reshape], head === "share");
  return { plan: { train, upload, personal, codec, sparsify: null, coldStart }, publish };
}

/** The phase of a round, counted from 1. */
export function phaseOf({ phases }: Pick<TierState, "phases">, round: number): Phase {
  return phases[(round - 1) % phases.length] ?? phases[0];
}

/** Ids of the fewest parts, oldest first, that bring a client to the state's round: each carries a role newer than its own. */
export function factorParts(state: TierState, { rank, holds }: PlannedClient): string[] {
  const { round, phases } = state;
  const seen = new Set<FactorRole>();
  const ids: string[] = [];
  for (let r = round; r > Math.max(holds ?? 0, round - phases.length); r--) {
    const { publish } = phaseOf(state, r);
    if (publish.every((role) => seen.has(role))) continue;
    for (const role of publish) seen.add(role);
    ids.unshift(factorsId(r, rank));
  }
  return ids;
}

/** Every tier's broadcast of the state's round. */
export function publishFactors(state: TierState): BroadcastPart[] {
  const { publish } = phaseOf(state, state.round);
  return state.tiers.map(({ rank, layout, values }) => ({
    kind: "factors" as const,
    id: factorsId(state.round, rank),
    rank,
    roles: publish,
    values: gatherRoles(layout, values, publish),
  }));
}

function factorsId(round: number, rank: number): string {
  return `round-${String(round)}/rank-${String(rank)}`;
}

/** All roles that any phase broadcasts: what of a state is not as in round 0. */
function changingRoles({ phases }: TierState): FactorRole[] {
  return factorRoles.filter((role) => phases.some(({ publish }) => publish.includes(role)));
}

const headerSchema = z.strictObject({ round: z.int().min(0), ranks: z.array(z.int().positive()) });

/** The state as bytes. */
export function encodeTiers(state: TierState): Uint8Array {
  const { round, tiers } = state;
  const roles = changingRoles(state);
  return packState({
    header: { round, ranks: tiers.map(({ rank }) => rank) },
    vectors: tiers.map(({ layout, values }) => gatherRoles(layout, values, roles)),
  });
}

/**
 * Puts stored values into the state of round 0, which everything else follows from.
 *
 * @throws FedtuneError `codec-invalid`, `layout-mismatch`, `shape-mismatch` when the bytes are no state of these tiers
 */
export function decodeTiers<State extends TierState>(bytes: Uint8Array, initial: State): State {
  const { header, vectors } = unpackState(bytes);
  const what = "the state of a method";
  const { round, ranks } = parseInput(headerSchema, header, { what, code: "codec-invalid" });
  if (ranks.join() !== initial.tiers.map(({ rank }) => rank).join()) {
    throw new FedtuneError("layout-mismatch", `Cannot read a state of ranks ${ranks.join(", ")}`, {
      data: { ranks, expected: initial.tiers.map(({ rank }) => rank) },
    });
  }
  const roles = changingRoles(initial);
  const tiers = initial.tiers.map((tier, t) => {
    const values = tier.values.slice();
    scatterRoles(tier.layout, values, { roles, packed: vectors[t] ?? new Float32Array() });
    return { ...tier, values };
  });
  return { ...initial, round, tiers };
}

/**
 * The tier of one rank.
 *
 * @throws FedtuneError `layout-mismatch` when there is none
 */
export function tierOf<T extends { readonly rank: number }>(tiers: readonly T[], rank: number): T {
  const tier = tiers.find((candidate) => candidate.rank === rank);
  if (tier !== undefined) return tier;
  const ranks = tiers.map((candidate) => candidate.rank);
  throw new FedtuneError(
    "layout-mismatch",
    `Cannot find rank ${String(rank)} among the rank tiers ${ranks.join(", ")}`,
    { data: { rank, ranks } },
  );
}

/** The layout of what a tier's clients upload in a phase, packed. */
export function uploadLayout({ layout }: Tier, { plan }: Phase) {
  return selectRoles(layout, plan.upload);
}
