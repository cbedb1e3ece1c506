/** The global side of a method: its state, what it has published, and how an order refers to that. */
import { startingResidual } from "../adapter/initial.ts";
import { decodePart } from "../adapter/part-blob.ts";
import { FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { MethodMetrics, Plan, PlannedClient } from "../method.ts";
import type { BaseResidual, BlobRef, Blobs, Clock, Hash, UpdatePrivacy } from "../ports.ts";
import type { PublishedBlob } from "../protocol/messages.ts";
import type { AggregationErrorRow, PublishedPart, RoundRow, TierAdapter } from "../store/store.ts";
import type { ExpectedUpdate } from "../update.ts";
import type { Combined, RoundToCombine } from "./combine.ts";
import { expectedUpdate, planFor, tierOfRank } from "./expected.ts";
import type { CheckedBlob, Offload } from "./offload.ts";
import { localOffload } from "./offload.ts";
import { updatePrivacyOf } from "./private-round.ts";
import { clientRank } from "./setup.ts";
import type { RunSetup } from "./setup.ts";

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

/** The global model of one run. Not re-entrant: one aggregation at a time. */
export interface GlobalModel {
  /** The last finished round; 0 before the first. */
  readonly round: number;
  order(client: Omit<PlannedClient, "rank">): ModelOrder;
  /** The plan of the round after the last finished one. */
  plan(index: number): Plan;
  expected(round: number, index: number): ExpectedUpdate;
  /** Holds an uploaded blob against what the round expects of a client. @throws FedtuneError as `Offload.check` */
  check(hash: Digest, of: { readonly round: number; readonly index: number }): Promise<CheckedBlob>;
  /** The hash of what clients of a tier hold after the last finished round. */
  adapterHash(rank: number): Digest;
  /** The model's adapter after the last finished round; the caller owns it. */
  adapter(rank: number): Float32Array;
  /**
   * Whether clients may read a blob: a tier's first adapter, a part of the model, or one of the model before it, which a
   * client may still be fetching while its round is committed.
   */
  publishes(hash: Digest): boolean;
  /** What the run has added to the base model, in order. */
  residuals(): Promise<readonly BaseResidual[]>;
  /** Computes the next state and stores its bytes; nothing changes until {@link GlobalModel.adopt}. */
  aggregate(closed: Pick<RoundToCombine, "facts" | "updates">): Promise<Aggregated>;
  /** Makes the last aggregation the current state, once it is committed; returns blobs that nothing names any more. */
  adopt(round: number): readonly Digest[];
}

/** What a model reads and writes. */
interface ModelPorts {
  readonly blobs: Blobs;
  readonly hash: Hash;
  readonly clock: Pick<Clock, "after">;
  readonly privacy?: UpdatePrivacy | null;
  readonly offload?: Offload | null;
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
  readonly offload: Offload;
  /** Checks under way, by participant, round and hash. */
  readonly checks: Map<string, Promise<CheckedBlob>>;
  current: Current;
  /** The parts of the model before. */
  before: Current["parts"];
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
  const offload = ports.offload ?? localOffload({ setup, ...ports, privacy });
  const started = { checks: new Map(), current, before: current.parts, next: null };
  const model: ModelContext = { setup, ports, offload, ...started };
  return {
    get round() {
      return model.current.round;
    },
    plan: (index) => planFor(setup, model.current.state, { round: model.current.round + 1, index }),
    order({ index, holds }) {
      const { state, round } = model.current;
      const client = { index, holds, rank: clientRank(config, index) };
      return {
        plan: method.plan(state, round + 1, client),
        download: method.download(state, client).map((id) => partOf(model.current, id).blob),
        adapterHash: hashAt(model.current, client.rank),
        layoutHash: tierOfRank(setup, client.rank).layoutHash,
      };
    },
    expected: (round, index) => expectedUpdate(setup, model.current.state, { round, index }),
    check: (hash, of) => checkOnce(model, hash, of),
    adapterHash: (tier) => hashAt(model.current, tier),
    adapter: (tier) => method.adapter(model.current.state, tier),
    publishes: (hash) => publishes(model, hash),
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

function publishes({ setup, current, before }: ModelContext, hash: Digest): boolean {
  const isFirst = setup.tiers.some(({ initialBlob }) => initialBlob?.hash === hash);
  return (
    isFirst ||
    [...current.parts.values(), ...before.values()].some(({ blob }) => blob.hash === hash)
  );
}

function fresh({ initialState: state, tiers }: RunSetup): Current {
  const adapters = new Map(
    tiers.map(({ rank, initialHash: hash }) => [rank, { hash, model: hash }]),
  );
  return { round: 0, state, blob: null, parts: new Map(), adapters, privacy: null };
}

async function restored(setup: RunSetup, blobs: Blobs, row: RoundRow): Promise<Current> {
  const state = decoded(setup, await blobs.get(row.state.hash));
  const parts = new Map(row.parts.map((part) => [part.id, part]));
  const adapters = new Map(row.adapters.map(({ rank, ...hashes }) => [rank, hashes]));
  const { round, privacy } = row;
  return { round, state, blob: row.state, parts, adapters, privacy };
}

async function residuals(
  { setup, ports, current }: ModelContext,
  rank: number,
): Promise<BaseResidual[]> {
  const { layout, layoutHash } = tierOfRank(setup, rank);
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
  const { layout, scaling, initialHash } = tierOfRank(setup, rank);
  const { init } = setup.resolved.config.adapter;
  const first = setup.resolved.method.adapter(setup.initialState, rank);
  return startingResidual(layout, { hash: initialHash, values: first }, { scaling, init });
}

/** However often a client announces an update, it is read once at a time. */
function checkOnce(
  { setup, offload, checks, current }: ModelContext,
  hash: Digest,
  of: { readonly round: number; readonly index: number },
): Promise<CheckedBlob> {
  const key = `${of.index}/${of.round}/${hash}`;
  const underWay = checks.get(key);
  if (underWay !== undefined) return underWay;
  const check = offload
    .check(hash, expectedUpdate(setup, current.state, of))
    .finally(() => checks.delete(key));
  checks.set(key, check);
  return check;
}

async function aggregate(
  model: ModelContext,
  { facts, updates }: Pick<RoundToCombine, "facts" | "updates">,
): Promise<Aggregated> {
  const { setup, ports, current, offload } = model;
  const { state: before, blob: stateBlob, privacy: left } = current;
  const { combined, state: computed } = await offload.combine({
    ...{ facts, updates, state: before, stateBlob, privacy: left },
  });
  const { metrics, aggregationError, privacy } = combined;
  await storeBytes(ports, combined);
  const state = computed === null ? decoded(setup, combined.state.bytes) : computed.value;
  const live = new Set(setup.resolved.method.live(state));
  const all = [...current.parts.values(), ...combined.parts.map(({ part }) => part)];
  const parts = new Map(all.filter(({ id }) => live.has(id)).map((part) => [part.id, part]));
  const adapters = combined.adapters.map(({ adapter }) => adapter);
  const hashes = new Map(adapters.map(({ rank, ...its }) => [rank, its]));
  const blob = combined.state.ref;
  model.next = { round: facts.round, state, blob, parts, adapters: hashes, privacy };
  return { state: blob, parts: [...parts.values()], adapters, metrics, aggregationError, privacy };
}

/** Bytes first; whoever names them comes later. */
async function storeBytes({ blobs }: ModelPorts, combined: Combined): Promise<void> {
  const { state, parts, adapters } = combined;
  await Promise.all([
    blobs.put(state.bytes, state.ref.hash),
    ...parts.map(({ part, bytes }) => blobs.put(bytes, part.blob.hash)),
    ...adapters.map(({ adapter, bytes }) => blobs.put(bytes, adapter.model)),
  ]);
}

function decoded({ resolved, context }: RunSetup, bytes: Uint8Array): unknown {
  return resolved.method.decode(bytes, resolved.methodConfig, context);
}

function adopt(model: ModelContext, round: number): readonly Digest[] {
  const { current, next } = model;
  if (next?.round !== round) {
    throw new FedtuneError("internal", `Cannot adopt round ${round}: it was not aggregated`);
  }
  model.before = current.parts;
  model.current = next;
  model.next = null;
  const kept = blobsOf(next);
  return [...blobsOf(current)].filter((hash) => !kept.has(hash));
}

function blobsOf(current: Current): Set<Digest> {
  const hashes = [...current.parts.values()].map((part) => part.blob.hash);
  return new Set([
    ...hashes,
    ...[...current.adapters.values()].map(({ model }) => model),
    ...(current.blob === null ? [] : [current.blob.hash]),
  ]);
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
