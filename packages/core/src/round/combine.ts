/** The arithmetic of one round: its updates, or what stands for them, through the method; pure but for reading blobs. */
import { encodePart } from "../adapter/part-blob.ts";
import { float32Bytes } from "../bytes.ts";
import type { ClosedRound } from "../combiner.ts";
import type { Digest } from "../ids.ts";
import type {
  BroadcastPart,
  MethodMetrics,
  MethodResult,
  MethodUpdate,
  RoundFacts,
} from "../method.ts";
import type { BlobRef, Blobs, Hash, UpdatePrivacy } from "../ports.ts";
import type { AggregationErrorRow, PublishedPart, RoundRow, TierAdapter } from "../store/store.ts";
import { decodeUpdate } from "../update.ts";
import { expectedUpdate, planFor, tierOfRank } from "./expected.ts";
import { nothingMeasured, openMeasurement } from "./measurement.ts";
import { privateRound } from "./private-round.ts";
import type { RunSetup } from "./setup.ts";

/** What a round is combined with. */
export interface Combining {
  readonly setup: RunSetup;
  readonly blobs: Pick<Blobs, "get">;
  readonly hash: Hash;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
  /** Null where the updates themselves may be read. */
  readonly privacy: UpdatePrivacy | null;
}

/** An accepted update by name. */
export interface WeightedUpdate {
  /** `participantIndex`. */
  readonly index: number;
  readonly weight: number;
  readonly hash: Digest;
  /** The round that it was ordered for, which its bytes name; absent: the one that closes. */
  readonly round?: number;
}

/** A closed round and what the one before it left. */
export interface RoundToCombine {
  readonly facts: RoundFacts;
  /** In participant order. */
  readonly updates: readonly WeightedUpdate[];
  /** The method's state before the round. */
  readonly state: unknown;
  /** What the last committed round's privacy left. */
  readonly privacy: RoundRow["privacy"];
}

/** Bytes that are not stored yet. */
export interface Encoded {
  readonly ref: BlobRef;
  readonly bytes: Uint8Array;
}

/** What a round comes to, as bytes and rows. */
export interface Combined {
  readonly state: Encoded;
  readonly parts: readonly { readonly part: PublishedPart; readonly bytes: Uint8Array }[];
  readonly adapters: readonly { readonly adapter: TierAdapter; readonly bytes: Uint8Array }[];
  readonly metrics: MethodMetrics;
  readonly aggregationError: AggregationErrorRow;
  readonly privacy: RoundRow["privacy"];
}

/** Runs a closed round through privacy or combiner and the method; `state` is the next one, whose bytes are in `combined`. */
export async function combine(
  on: Combining,
  round: RoundToCombine,
): Promise<{ readonly combined: Combined; readonly state: unknown }> {
  const { result, aggregationError, privacy } = await outcomeOf(on, round);
  const { state, metrics } = result;
  const { method } = on.setup.resolved;
  const combined = {
    state: encoded(on, method.encode(state)),
    parts: result.parts.map((part) => encodedPart(on, round.facts.round, part)),
    adapters: on.setup.tiers.map(({ rank }) => encodedAdapter(on, state, rank)),
    metrics,
    aggregationError,
    privacy,
  };
  return { combined, state };
}

interface Outcome {
  readonly result: MethodResult<unknown>;
  readonly aggregationError: AggregationErrorRow;
  readonly privacy: RoundRow["privacy"];
}

async function outcomeOf(on: Combining, round: RoundToCombine): Promise<Outcome> {
  const { setup, privacy: port } = on;
  const { state, privacy: before } = round;
  const closed = { ...round.facts, updates: () => decoded(on, round) };
  if (port !== null) {
    const { readable, privacy } = await privateRound(setup, closed, {
      privacy: port,
      state,
      before,
    });
    return { ...(await accumulate(on, state, readable)), privacy };
  }
  if (closed.accepted > 0) return { ...(await combineWith(on, state, closed)), privacy: null };
  // Poisson sampling may draw nobody: the round counts, and nothing changes.
  const result = { state, parts: [], metrics: {} };
  return { result, aggregationError: nothingMeasured, privacy: null };
}

/** The run's combiner, then the method. */
async function combineWith(on: Combining, state: unknown, round: ClosedRound) {
  const { value: combiner, options } = on.setup.resolved.combiner;
  const combined = await combiner.combine(options, round);
  const { result, aggregationError } = await accumulate(on, state, combined.closed);
  const metrics = { ...result.metrics, ...combined.metrics() };
  return { result: { ...result, metrics }, aggregationError };
}

async function accumulate({ setup, pause }: Combining, state: unknown, closed: ClosedRound) {
  const { method } = setup.resolved;
  const { round, sampled, accepted, totalWeight } = closed;
  const facts = { round, sampled, accepted, totalWeight };
  const measurement = openMeasurement(setup, { state, round, clients: accepted });
  let accumulator = method.begin(state, facts, { index: 0, previous: null });
  for (let pass = 0; pass < method.passes; pass++) {
    if (pass > 0) accumulator = method.begin(state, facts, { index: pass, previous: accumulator });
    for await (const update of closed.updates()) {
      if (pass === 0) measurement.add(update);
      method.accumulate(accumulator, update);
    }
  }
  const result = method.finish(state, accumulator, setup.rng.fork(`round/${round}/finish`));
  return { result, aggregationError: await measurement.finish(result, pause) };
}

/** Reads and decodes the updates one by one. */
async function* decoded(
  { setup, blobs }: Combining,
  { state, facts, updates }: RoundToCombine,
): AsyncGenerator<MethodUpdate> {
  for (const { index, weight, hash, round = facts.round } of updates) {
    const planned = { round, index };
    const bytes = await blobs.get(hash);
    const { delta, support } = decodeUpdate(bytes, expectedUpdate(setup, state, planned));
    const { rank, upload: roles } = planFor(setup, state, planned);
    const update = { index, rank, weight, roles, delta };
    yield support === null ? update : { ...update, support };
  }
}

function encoded({ hash }: Combining, bytes: Uint8Array): Encoded {
  return { ref: { hash: hash.sha256(bytes), bytes: bytes.length }, bytes };
}

function encodedPart(
  on: Combining,
  round: number,
  part: BroadcastPart,
): { readonly part: PublishedPart; readonly bytes: Uint8Array } {
  const { tiers, modulesHash } = on.setup;
  const tier = part.kind === "residual" ? tiers[0] : tierOfRank(on.setup, part.rank);
  const { layout, layoutHash } = tier;
  const { ref, bytes } = encoded(on, encodePart(part, round, { layout, layoutHash, modulesHash }));
  if (part.kind !== "factors")
    return { part: { id: part.id, blob: { kind: part.kind, round, ...ref } }, bytes };
  const { kind, roles, support } = part;
  const kept = support?.length ?? null;
  return { part: { id: part.id, blob: { kind, round, roles: [...roles], kept, ...ref } }, bytes };
}

function encodedAdapter(
  on: Combining,
  state: unknown,
  rank: number,
): { readonly adapter: TierAdapter; readonly bytes: Uint8Array } {
  const { method } = on.setup.resolved;
  const { ref, bytes } = encoded(on, float32Bytes(method.adapter(state, rank)));
  const held = method.clientAdapter?.(state, rank);
  const hash = held === undefined ? ref.hash : on.hash.sha256(float32Bytes(held));
  return { adapter: { rank, hash, model: ref.hash }, bytes };
}
