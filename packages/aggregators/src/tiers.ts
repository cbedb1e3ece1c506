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
import { finite } from "./finite.ts";
import { packState, unpackState } from "./state-bytes.ts";

/** What one round of a method does with roles; the head goes by its own policy, the rest is frozen. */
export interface RoleSplit {
  /** Trained and uploaded. */
  readonly share: readonly FactorRole[];
  /** Trained and kept by each client. */
  readonly keep: readonly FactorRole[];
  /** Neither trained nor averaged, but changed by the server, in parts of the method's own. */
  readonly reshape?: readonly FactorRole[];
  /** What a client without personal factors does first; `zero` unless given. */
  readonly coldStart?: ColdStart;
}

/** A round's plan, the roles that it broadcasts, and those that the method publishes by itself. */
export interface Phase {
  readonly plan: Omit<Plan, "rank">;
  readonly publish: readonly FactorRole[];
  readonly reshape: readonly FactorRole[];
}

/** One tier's global adapter: `[layout.size]`, personal and frozen factors as in round 0. */
export interface AdapterTier extends Tier {
  readonly values: Float32Array;
}

/** Rounds by role. */
export type Newest = Readonly<Partial<Record<FactorRole, number>>>;

/** State of a method whose rounds repeat in a cycle. */
export interface TierState {
  /** Last round that changed anything; 0 before the first. Rounds that nobody took part in leave gaps. */
  readonly round: number;
  /** The round that last broadcast a role; absent: none yet. */
  readonly newest: Newest;
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
  return { round: 0, newest: {}, phases: [phase(first), ...others.map(phase)], tiers };
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
  const plan = { train, upload, personal, codec, sparsify: null, coldStart };
  return { plan, publish: upload, reshape: present(reshape, false) };
}

/** The phase of a round, counted from 1. */
export function phaseOf({ phases }: Pick<TierState, "phases">, round: number): Phase {
  return phases[(round - 1) % phases.length] ?? phases[0];
}

/** Ids of the fewest parts, oldest first, that bring a client to the state's round: each carries a role newer than its own. */
export function factorParts({ newest, phases }: TierState, client: PlannedClient): string[] {
  const { rank, holds } = client;
  const broadcast = phases.flatMap(({ publish }) => publish.map((role) => newest[role] ?? 0));
  return [...new Set(broadcast)]
    .filter((round) => round > (holds ?? 0))
    .sort((one, other) => one - other)
    .map((round) => factorsId(round, rank));
}

/** What clients of every tier could be told to download: `download` asks less of those who hold more. */
export function liveParts<State extends Pick<TierState, "tiers">>(
  state: State,
  download: (state: State, client: PlannedClient) => readonly string[],
): string[] {
  return state.tiers.flatMap(({ rank }) => download(state, { index: 0, rank, holds: null }));
}

/** What is newest once a round has broadcast some roles. */
export function newestAfter(newest: Newest, round: number, roles: readonly FactorRole[]): Newest {
  return { ...newest, ...Object.fromEntries(roles.map((role) => [role, round])) };
}

/**
 * Every tier's broadcast of the state's round.
 *
 * @throws FedtuneError `not-finite` when a value has outgrown float32
 */
export function publishFactors(state: TierState): BroadcastPart[] {
  const { publish } = phaseOf(state, state.round);
  return state.tiers.map(({ rank, layout, values }) => ({
    kind: "factors" as const,
    id: factorsId(state.round, rank),
    rank,
    roles: publish,
    values: finite(gatherRoles(layout, values, publish), factorsId(state.round, rank)),
  }));
}

/** Name of a round's broadcast of one tier. */
export function factorsId(round: number, rank: number): string {
  return `round-${String(round)}/rank-${String(rank)}`;
}

/** All roles that any phase changes: what of a state is not as in round 0. */
function changingRoles({ phases }: TierState): FactorRole[] {
  const changed = phases.flatMap(({ publish, reshape }) => [...publish, ...reshape]);
  return factorRoles.filter((role) => changed.includes(role));
}

const headerSchema = z.strictObject({
  round: z.int().min(0),
  newest: z.partialRecord(z.enum(factorRoles), z.int().positive()),
  ranks: z.array(z.int().positive()),
  /** What else a method keeps. */
  notes: z.json(),
});

/** The state as bytes; `notes` is what a method keeps beside tiers, as JSON. */
export function encodeTiers(state: TierState, notes: unknown = null): Uint8Array {
  const { round, newest, tiers } = state;
  const roles = changingRoles(state);
  return packState({
    header: { round, newest, ranks: tiers.map(({ rank }) => rank), notes },
    vectors: tiers.map(({ layout, values }) => gatherRoles(layout, values, roles)),
  });
}

/**
 * Puts stored values into the state of round 0, which everything else but the notes follows from.
 *
 * @throws FedtuneError `codec-invalid`, `layout-mismatch`, `shape-mismatch` when the bytes are no state of these tiers
 */
export function decodeTiers<State extends TierState>(
  bytes: Uint8Array,
  initial: State,
  withNotes: (notes: unknown) => State = () => initial,
): State {
  const { header, vectors } = unpackState(bytes);
  const what = "the state of a method";
  const { round, newest, ranks, notes } = parseInput(headerSchema, header, {
    what,
    code: "codec-invalid",
  });
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
  return { ...withNotes(notes), round, newest, tiers };
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
