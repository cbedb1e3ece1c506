/**
 * What travels between one client and the coordinator in a round, found by playing two rounds of the very method with
 * clients that learn noise: a method says what it publishes by publishing it, and sizes do not depend on values.
 */
import type { OutputOf } from "@fedtune/api";
import {
  encodePart,
  gatherRoles,
  keptCount,
  maxSparseBlobBytes,
  pick,
  selectRoles,
  supportOf,
  vectorBlobBytes,
} from "@fedtune/core";
import type { BroadcastPart, MethodUpdate, Plan, RunConfig, RunSetup } from "@fedtune/core";

type Told = OutputOf<"openInvitation">;
type Tier = RunSetup["tiers"][number];

/** Numbers and bytes of a round. */
export interface Traffic {
  readonly numbers: Told["numbers"];
  readonly bytes: Omit<Told["bytes"], "model">;
}

/** Some methods take turns: what they send in the first round is not what they send in the second. */
const ROUNDS = [1, 2] as const;
/** Messages that hold every client's own part grow by the same amount with each client beyond the second. */
const FEW = 2;

/** For a client of the largest rank that takes part in every round: the most of any round. */
export function trafficOf(setup: RunSetup): Traffic {
  const rounds = roundTraffic(setup);
  const most = (of: (round: RoundTraffic) => number): number => Math.max(...rounds.map(of));
  return {
    numbers: {
      leaves: most(({ up }) => up.values),
      stays: most(({ stays }) => stays),
      comes: most(({ down }) => down.values),
    },
    bytes: {
      upPerRound: most(({ up }) => up.bytes),
      downPerRound: most(({ down }) => down.bytes),
    },
  };
}

/** What travels in each of the first rounds; whatever follows is like them. */
export function roundTraffic(setup: RunSetup): readonly RoundTraffic[] {
  const few = played(setup, FEW);
  const { changesBase = false } = setup.resolved.method.claims;
  if (!changesBase) return few;
  const more = played(setup, FEW + 1);
  const others = Math.max(0, cohortOf(setup.resolved.config) - FEW);
  const grown = (one: Amount, next: Amount): Amount => ({
    values: one.values + others * (next.values - one.values),
    bytes: one.bytes + others * (next.bytes - one.bytes),
  });
  return few.map((round, k) => {
    const next = more[k] ?? round;
    const [up, down] = [grown(round.up, next.up), grown(round.down, next.down)];
    return { ...round, up, down, snapshot: grown(round.snapshot, next.snapshot) };
  });
}

/** Clients of a round when just as many are there as must be. */
export function cohortOf({ rounds }: RunConfig): number {
  const { minFitClients, minAvailableClients, fractionFit } = rounds;
  return Math.max(minFitClients, Math.ceil(fractionFit * minAvailableClients));
}

/** Numbers, and bytes with their headers. */
export interface Amount {
  readonly values: number;
  readonly bytes: number;
}

/** What travels in one round, and how many numbers stay with a client. */
export interface RoundTraffic {
  readonly up: Amount;
  /** For a client that holds the adapter of the round before. */
  readonly down: Amount;
  /** For a client that holds nothing. */
  readonly snapshot: Amount;
  readonly stays: number;
}

/** Plays the first rounds with so many clients, of which each took part in all rounds before. */
function played(setup: RunSetup, clients: number): readonly RoundTraffic[] {
  const { method } = setup.resolved;
  const tier = setup.tiers.at(-1) ?? setup.tiers[0];
  const { rank, layout } = tier;
  let state = setup.initialState;
  const published: { readonly part: BroadcastPart; readonly round: number }[] = [];
  return ROUNDS.map((round) => {
    const client = { index: 0, rank, holds: round - 1 };
    const plan = method.plan(state, round, client);
    const updates = Array.from({ length: clients }, (_, index) => noise(plan, tier, index));
    const result = closed(setup, state, { round, updates });
    state = result.state;
    published.push(...result.parts.map((part) => ({ part, round })));
    const fetched = (holds: number | null): Amount => {
      const named = method.download(state, { ...client, holds });
      const parts = published.filter(({ part }) => named.includes(part.id));
      return sumOf(parts.map(({ part, round: of }) => amountOf(part, of, { setup, tier })));
    };
    return {
      up: upload(plan, tier),
      ...{ down: fetched(round - 1), snapshot: fetched(null) },
      stays: selectRoles(layout, plan.personal).size,
    };
  });
}

function noise(
  { upload: roles, sparsify }: Plan,
  { rank, layout }: Tier,
  index: number,
): MethodUpdate {
  const delta = gatherRoles(layout, scattered(layout.size, index), roles);
  const update = { index, rank, weight: 1, roles, delta };
  if (sparsify === null) return update;
  const support = supportOf(selectRoles(layout, roles), delta, sparsify);
  return { ...update, delta: pick(delta, support), support };
}

/** Numbers around zero that differ from client to client; a generator of good numbers would take most of the time. */
function scattered(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  let bits = seed + 1;
  for (let i = 0; i < length; i++) {
    // Knuth's and Lewis' quick generator (Numerical Recipes, section 7.1).
    bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) | 0;
    values[i] = bits / 2 ** 32;
  }
  return values;
}

interface Closing {
  readonly round: number;
  readonly updates: readonly MethodUpdate[];
}

function closed(
  { resolved: { method }, rng }: RunSetup,
  state: unknown,
  { round, updates }: Closing,
) {
  const count = updates.length;
  const facts = { round, sampled: count, accepted: count, totalWeight: count };
  let previous: object | null = null;
  for (let index = 0; index < method.passes; index++) {
    const sums = method.begin(state, facts, { index, previous });
    for (const update of updates) method.accumulate(sums, update);
    previous = sums;
  }
  return method.finish(state, previous ?? {}, rng.fork(`traffic ${String(round)}`));
}

/** As long as the coordinator takes it: of a sparse update the most. */
function upload({ upload: roles, codec, sparsify }: Plan, { layout }: Tier): Amount {
  const packed = selectRoles(layout, roles);
  const { size: length } = packed;
  if (sparsify === null) return { values: length, bytes: vectorBlobBytes(codec, length) };
  const kept = keptCount(packed, sparsify);
  return { values: kept, bytes: maxSparseBlobBytes(codec, { length, kept }) };
}

function amountOf(
  part: BroadcastPart,
  round: number,
  { setup, tier }: { readonly setup: RunSetup; readonly tier: Tier },
): Amount {
  const values =
    part.kind === "residual"
      ? part.modules.reduce((sum, { left, right }) => sum + left.length + right.length, 0)
      : part.values.length;
  const { modulesHash } = setup;
  return { values, bytes: encodePart(part, round, { ...tier, modulesHash }).length };
}

function sumOf(amounts: readonly Amount[]): Amount {
  return {
    values: amounts.reduce((sum, { values }) => sum + values, 0),
    bytes: amounts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
