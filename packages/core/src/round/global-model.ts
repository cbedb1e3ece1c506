/** The global side of a method: its state, what it has published, and how an order refers to that. */
import { encodePart } from "../adapter/part-blob.ts";
import { selectRoles } from "../adapter/layout.ts";
import { float32Bytes } from "../bytes.ts";
import { FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { BroadcastPart, MethodMetrics, MethodUpdate, Plan, PlannedClient } from "../method.ts";
import type { BlobRef, Blobs, Hash } from "../ports.ts";
import type { PublishedBlob } from "../protocol/messages.ts";
import type { PublishedPart, RoundRow } from "../store/store.ts";
import type { ExpectedUpdate } from "../update.ts";
import type { PreparedTier, RunSetup } from "./setup.ts";

/** What an order says about the model. */
export interface ModelOrder {
  readonly plan: Plan;
  readonly download: readonly PublishedBlob[];
  readonly adapterHash: Digest;
  readonly layoutHash: Digest;
}

/** What one aggregation produced, with all bytes already in the blobs. */
export interface Aggregated {
  readonly state: BlobRef;
  readonly parts: readonly PublishedPart[];
  readonly adapters: readonly { readonly rank: number; readonly hash: Digest }[];
  readonly metrics: MethodMetrics;
}

/** Facts of the closing round and its updates, replayed once per pass in participant order. */
export interface ClosedRound {
  readonly round: number;
  readonly sampled: number;
  readonly accepted: number;
  readonly totalWeight: number;
  updates(): AsyncIterable<MethodUpdate>;
}

/** The global model of one run. Not re-entrant: one aggregation at a time. */
export interface GlobalModel {
  /** The last finished round; 0 before the first. */
  readonly round: number;
  order(client: Omit<PlannedClient, "rank">): ModelOrder;
  expected(round: number, index: number): ExpectedUpdate;
  /** The hash of the adapter after the last finished round, per tier. */
  adapterHash(rank: number): Digest;
  /** The adapter after the last finished round; the caller owns it. */
  adapter(rank: number): Float32Array;
  /** Computes the next state and stores its bytes; nothing changes until {@link GlobalModel.adopt}. */
  aggregate(closed: ClosedRound): Promise<Aggregated>;
  /** Makes the last aggregation the current state, once it is committed; returns blobs that nothing names any more. */
  adopt(round: number): readonly Digest[];
}

interface Current {
  readonly round: number;
  readonly state: unknown;
  readonly blob: BlobRef | null;
  readonly parts: ReadonlyMap<string, PublishedPart>;
  readonly adapters: ReadonlyMap<number, Digest>;
}

/** Opens the model of a run: fresh, or as the last committed round left it. */
export async function openGlobalModel(
  setup: RunSetup,
  ports: { readonly blobs: Blobs; readonly hash: Hash },
  last: RoundRow | null,
): Promise<GlobalModel> {
  const { resolved, context } = setup;
  const { method, methodConfig } = resolved;
  const { rank } = resolved.config.adapter;
  let current = last === null ? fresh(setup) : await restored(setup, ports.blobs, last);
  let next: Current | null = null;
  return {
    get round() {
      return current.round;
    },
    order({ index, holds }) {
      const client = { index, rank, holds };
      const tier = tierOf(setup, rank);
      const download = method.download(current.state, client).map((id) => partOf(current, id).blob);
      const plan = method.plan(current.state, current.round + 1, client);
      return { plan, download, adapterHash: hashAt(current, rank), layoutHash: tier.layoutHash };
    },
    expected(round, index) {
      const tier = tierOf(setup, rank);
      const plan = method.plan(current.state, current.round + 1, { index, rank, holds: null });
      const length = selectRoles(tier.layout, plan.upload).size;
      return { round, codec: plan.codec, layoutHash: tier.layoutHash, length };
    },
    adapterHash: (tier) => hashAt(current, tier),
    adapter: (tier) => method.adapter(current.state, tier),
    async aggregate(closed) {
      const result = await accumulate(setup, current.state, closed);
      const parts = await publish(setup, ports, { round: closed.round, parts: result.parts });
      const state = await put(ports, method.encode(result.state));
      const adapters = await Promise.all(
        context.tiers.map(async (tier) => {
          const bytes = float32Bytes(method.adapter(result.state, tier.rank));
          return { rank: tier.rank, hash: (await put(ports, bytes)).hash };
        }),
      );
      const all = new Map([...current.parts, ...parts.map((part) => [part.id, part] as const)]);
      const named = liveIds(setup, result.state, closed.round);
      const live = new Map([...all].filter(([id]) => named.has(id)));
      const hashes = new Map(adapters.map((adapter) => [adapter.rank, adapter.hash]));
      next = {
        round: closed.round,
        state: result.state,
        blob: state,
        parts: live,
        adapters: hashes,
      };
      return { state, parts: [...live.values()], adapters, metrics: result.metrics };
    },
    adopt(round) {
      if (next?.round !== round)
        throw new FedtuneError("internal", `Cannot adopt round ${round}: it was not aggregated`);
      const before = blobsOf(current);
      current = next;
      next = null;
      const after = blobsOf(current);
      return [...before].filter((hash) => !after.has(hash));
    },
  };

  function fresh(of: RunSetup): Current {
    const state = method.init(methodConfig, context, of.rng.fork("method"));
    const adapters = new Map(of.tiers.map((tier) => [tier.rank, tier.initialHash]));
    return { round: 0, state, blob: null, parts: new Map(), adapters };
  }

  async function restored(_of: RunSetup, blobs: Blobs, row: RoundRow): Promise<Current> {
    const state = method.decode(await blobs.get(row.state.hash), methodConfig, context);
    const parts = new Map(row.parts.map((part) => [part.id, part]));
    const adapters = new Map(row.adapters.map((adapter) => [adapter.rank, adapter.hash]));
    return { round: row.round, state, blob: row.state, parts, adapters };
  }
}

async function accumulate(setup: RunSetup, state: unknown, closed: ClosedRound) {
  const { method } = setup.resolved;
  const { updates: _updates, ...facts } = closed;
  let accumulator = method.begin(state, facts, { index: 0, previous: null });
  for (let pass = 0; pass < method.passes; pass++) {
    if (pass > 0) accumulator = method.begin(state, facts, { index: pass, previous: accumulator });
    for await (const update of closed.updates()) method.accumulate(accumulator, update);
  }
  return method.finish(state, accumulator, setup.rng.fork(`round/${closed.round}/finish`));
}

async function publish(
  setup: RunSetup,
  ports: { readonly blobs: Blobs; readonly hash: Hash },
  published: { readonly round: number; readonly parts: readonly BroadcastPart[] },
): Promise<PublishedPart[]> {
  const { round, parts } = published;
  return Promise.all(
    parts.map(async (part): Promise<PublishedPart> => {
      const [lowest] = setup.tiers;
      const { layoutHash } = part.kind === "factors" ? tierOf(setup, part.rank) : lowest;
      const ref = await put(ports, encodePart(part, round, layoutHash));
      if (part.kind === "residual")
        return { id: part.id, blob: { kind: "residual", round, ...ref } };
      return { id: part.id, blob: { kind: "factors", round, roles: [...part.roles], ...ref } };
    }),
  );
}

function put(
  ports: { readonly blobs: Blobs; readonly hash: Hash },
  bytes: Uint8Array,
): Promise<BlobRef> {
  return ports.blobs.put(bytes, ports.hash.sha256(bytes));
}

/** Ids that some client could still be told to download: whatever it holds, in every tier. */
function liveIds(setup: RunSetup, state: unknown, round: number): Set<string> {
  const ids = new Set<string>();
  for (const { rank } of setup.tiers) {
    for (let holds = -1; holds <= round; holds++) {
      const client = { index: 0, rank, holds: holds < 0 ? null : holds };
      for (const id of setup.resolved.method.download(state, client)) ids.add(id);
    }
  }
  return ids;
}

function blobsOf(current: Current): Set<Digest> {
  const hashes = [...current.parts.values()].map((part) => part.blob.hash);
  return new Set([
    ...hashes,
    ...current.adapters.values(),
    ...(current.blob === null ? [] : [current.blob.hash]),
  ]);
}

function tierOf(setup: RunSetup, rank: number): PreparedTier {
  const tier = setup.tiers.find((candidate) => candidate.rank === rank);
  if (tier === undefined)
    throw new FedtuneError("internal", `Cannot find the tier of rank ${String(rank)}`);
  return tier;
}

function partOf(current: Current, id: string): PublishedPart {
  const part = current.parts.get(id);
  if (part === undefined) throw new FedtuneError("internal", `Cannot find published part "${id}"`);
  return part;
}

function hashAt(current: Current, rank: number): Digest {
  const hash = current.adapters.get(rank);
  if (hash === undefined)
    throw new FedtuneError("internal", `Cannot find the adapter of rank ${String(rank)}`);
  return hash;
}
