/** The global side of a method: its state, what it has published, and how an order refers to that. */
import { decodePart, encodePart } from "../adapter/part-blob.ts";
import { selectRoles } from "../adapter/layout.ts";
import { keptCount } from "../adapter/top-k.ts";
import { float32Bytes } from "../bytes.ts";
import { FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { BroadcastPart, MethodMetrics, MethodUpdate, Plan, PlannedClient } from "../method.ts";
import type { BaseResidual, BlobRef, Blobs, Clock, Hash, UpdatePrivacy } from "../ports.ts";
import type { PublishedBlob } from "../protocol/messages.ts";
import type { AggregationErrorRow, PublishedPart, RoundRow, TierAdapter } from "../store/store.ts";
import type { ExpectedUpdate } from "../update.ts";
import { startingResidual } from "../adapter/initial.ts";
import { combine } from "./combine.ts";
import { updatePrivacyOf } from "./private-round.ts";
import { clientRank } from "./setup.ts";
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
  readonly adapters: readonly TierAdapter[];
  readonly metrics: MethodMetrics;
  readonly aggregationError: AggregationErrorRow;
  readonly privacy: RoundRow["privacy"];
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
  /** The plan of the round after the last finished one. */
  plan(index: number): Plan;
  expected(round: number, index: number): ExpectedUpdate;
  /** The hash of what clients of a tier hold after the last finished round. */
  adapterHash(rank: number): Digest;
  /** The model's adapter after the last finished round; the caller owns it. */
  adapter(rank: number): Float32Array;
  /** What the run has added to the base model, in order. */
  residuals(): Promise<readonly BaseResidual[]>;
  /** Computes the next state and stores its bytes; nothing changes until {@link GlobalModel.adopt}. */
  aggregate(closed: ClosedRound): Promise<Aggregated>;
  /** Makes the last aggregation the current state, once it is committed; returns blobs that nothing names any more. */
  adopt(round: number): readonly Digest[];
}

/** What a model reads and writes. */
interface ModelPorts {
  readonly blobs: Blobs;
  readonly hash: Hash;
  readonly clock: Pick<Clock, "after">;
  readonly privacy?: UpdatePrivacy | null;
}

interface Current {
  readonly round: number;
  readonly state: unknown;
  readonly blob: BlobRef | null;
  readonly parts: ReadonlyMap<string, PublishedPart>;
  readonly adapters: ReadonlyMap<number, Omit<TierAdapter, "rank">>;
  readonly privacy: RoundRow["privacy"];
}

/** What the functions of one model share; `next` is aggregated and waits for its commit. */
interface ModelContext {
  readonly setup: RunSetup;
  readonly ports: ModelPorts;
  /** Null where the updates themselves may be read. */
  readonly privacy: UpdatePrivacy | null;
  current: Current;
  next: Current | null;
}

/** Opens the model of a run: fresh, or as the last committed round left it. */
export async function openGlobalModel(
  setup: RunSetup,
  ports: ModelPorts,
  last: RoundRow | null,
): Promise<GlobalModel> {
  const { method, config } = setup.resolved;
  const privacy = updatePrivacyOf(setup, ports.privacy ?? null);
  await keepInitialBlobs(setup, ports);
  const current = last === null ? fresh(setup) : await restored(setup, ports.blobs, last);
  const model: ModelContext = { setup, ports, privacy, current, next: null };
  const planned = (index: number, holds: number | null): PlannedClient => ({
    index,
    rank: clientRank(config, index),
    holds,
  });
  const planOf = (client: PlannedClient): Plan =>
    method.plan(model.current.state, model.current.round + 1, client);
  return {
    get round() {
      return model.current.round;
    },
    plan: (index) => planOf(planned(index, null)),
    order({ index, holds }) {
      const client = planned(index, holds);
      return {
        plan: planOf(client),
        download: method
          .download(model.current.state, client)
          .map((id) => partOf(model.current, id).blob),
        adapterHash: hashAt(model.current, client.rank),
        layoutHash: tierOf(setup, client.rank).layoutHash,
      };
    },
    expected(round, index) {
      const client = planned(index, null);
      const { layout, layoutHash } = tierOf(setup, client.rank);
      const { codec, upload, sparsify } = planOf(client);
      const packed = selectRoles(layout, upload);
      const kept = sparsify === null ? null : keptCount(packed, sparsify);
      return { round, codec, layoutHash, length: packed.size, kept };
    },
    adapterHash: (tier) => hashAt(model.current, tier),
    adapter: (tier) => method.adapter(model.current.state, tier),
    residuals: () => residuals(model, config.adapter.rank),
    aggregate: (closed) => aggregate(model, closed),
    adopt: (round) => adopt(model, round),
  };
}

/** What clients fetch before round 1; kept for as long as the run, since a client may always start over. */
async function keepInitialBlobs({ tiers }: RunSetup, { blobs }: ModelPorts): Promise<void> {
  for (const { initialBlob } of tiers) {
    if (initialBlob !== null) await blobs.put(initialBlob.bytes, initialBlob.hash);
  }
}

function fresh({ initialState: state, tiers }: RunSetup): Current {
  const adapters = new Map(
    tiers.map(({ rank, initialHash: hash }) => [rank, { hash, model: hash }]),
  );
  return { round: 0, state, blob: null, parts: new Map(), adapters, privacy: null };
}

async function restored(
  { resolved, context }: RunSetup,
  blobs: Blobs,
  row: RoundRow,
): Promise<Current> {
  const bytes = await blobs.get(row.state.hash);
  const state = resolved.method.decode(bytes, resolved.methodConfig, context);
  const parts = new Map(row.parts.map((part) => [part.id, part]));
  const adapters = new Map(row.adapters.map(({ rank, ...hashes }) => [rank, hashes]));
  const { round, privacy } = row;
  return { round, state, blob: row.state, parts, adapters, privacy };
}

async function residuals(
  { setup, ports, current }: ModelContext,
  rank: number,
): Promise<BaseResidual[]> {
  const { layout, layoutHash } = tierOf(setup, rank);
  const { modules, modulesHash } = setup;
  const context = { rank, layout, layoutHash, modules, modulesHash };
  const ids = setup.resolved.method.download(current.state, { index: 0, rank, holds: null });
  const found: BaseResidual[] = [...startingResiduals(setup, rank)];
  for (const { blob } of ids.map((id) => partOf(current, id))) {
    if (blob.kind !== "residual") continue;
    const part = decodePart(await ports.blobs.get(blob.hash), blob, context);
    if (part.kind === "residual") found.push({ id: part.id, modules: part.modules });
  }
  return found;
}

/** What the run takes out of the base before round 1. */
function startingResiduals(setup: RunSetup, rank: number): BaseResidual[] {
  const { layout, scaling, initialHash } = tierOf(setup, rank);
  const { init } = setup.resolved.config.adapter;
  const first = setup.resolved.method.adapter(setup.initialState, rank);
  return startingResidual(layout, { hash: initialHash, values: first }, { scaling, init });
}

async function aggregate(model: ModelContext, closed: ClosedRound): Promise<Aggregated> {
  const { setup, ports, current } = model;
  const { method } = setup.resolved;
  const { round } = closed;
  const { result, error: aggregationError, privacy } = await combine(model, closed);
  const published = await publish(setup, ports, { round, parts: result.parts });
  const blob = await put(ports, method.encode(result.state));
  const adapters = await Promise.all(
    setup.tiers.map(async ({ rank }): Promise<TierAdapter> => {
      const adapter = await put(ports, float32Bytes(method.adapter(result.state, rank)));
      const held = method.clientAdapter?.(result.state, rank);
      if (held === undefined) return { rank, hash: adapter.hash, model: adapter.hash };
      return { rank, hash: ports.hash.sha256(float32Bytes(held)), model: adapter.hash };
    }),
  );
  const named = liveIds(setup, result.state, round);
  const all = [...current.parts.values(), ...published];
  const parts = new Map(all.filter(({ id }) => named.has(id)).map((part) => [part.id, part]));
  const hashes = new Map(adapters.map(({ rank, ...its }) => [rank, its]));
  model.next = { round, state: result.state, blob, parts, adapters: hashes, privacy };
  const { metrics } = result;
  return { state: blob, parts: [...parts.values()], adapters, metrics, aggregationError, privacy };
}

function adopt(model: ModelContext, round: number): readonly Digest[] {
  const { current, next } = model;
  if (next?.round !== round) {
    throw new FedtuneError("internal", `Cannot adopt round ${round}: it was not aggregated`);
  }
  model.current = next;
  model.next = null;
  const kept = blobsOf(next);
  return [...blobsOf(current)].filter((hash) => !kept.has(hash));
}

async function publish(
  setup: RunSetup,
  ports: ModelPorts,
  published: { readonly round: number; readonly parts: readonly BroadcastPart[] },
): Promise<PublishedPart[]> {
  const { round, parts } = published;
  return Promise.all(
    parts.map(async (part): Promise<PublishedPart> => {
      const { modulesHash, tiers } = setup;
      const tier = part.kind === "residual" ? tiers[0] : tierOf(setup, part.rank);
      const { layout, layoutHash } = tier;
      const ref = await put(ports, encodePart(part, round, { layout, layoutHash, modulesHash }));
      if (part.kind !== "factors") return { id: part.id, blob: { kind: part.kind, round, ...ref } };
      const { kind, roles, support } = part;
      const kept = support?.length ?? null;
      return { id: part.id, blob: { kind, round, roles: [...roles], kept, ...ref } };
    }),
  );
}

function put(ports: ModelPorts, bytes: Uint8Array): Promise<BlobRef> {
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
    ...[...current.adapters.values()].map(({ model }) => model),
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
  const adapter = current.adapters.get(rank);
  if (adapter === undefined)
    throw new FedtuneError("internal", `Cannot find the adapter of rank ${String(rank)}`);
  return adapter.hash;
}
