/** The interfaces between the pure engine and the world. Every wait behind them is bounded by a deadline or a signal. */
import type { AdapterSettings } from "./adapter/kind.ts";
import type { FactorRole } from "./adapter/layout.ts";
import type { ClientId, Digest, RunId } from "./ids.ts";
import type { FactoredResidual } from "./method.ts";
import type { Metrics } from "./metrics.ts";
import type { RunPrivacy } from "./config/privacy.ts";
import type { ClientMessage, ServerMessage } from "./protocol/messages.ts";
import type { TrainingSettings, TaskSettings } from "./config/training.ts";

/** SHA-256, synchronous, so that pure code may hash. */
export interface Hash {
  sha256(bytes: Uint8Array): Digest;
}

/** Time as an argument. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed point; never goes back. */
  now(): number;
  /** Calls `callback` once after `ms`; the result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The operating system's randomness; keys and noise only, never experiments. */
export interface Entropy {
  bytes(length: number): Uint8Array;
}

/** A content-addressed blob as messages name it. */
export interface BlobRef {
  readonly hash: Digest;
  readonly bytes: number;
}

/** Bytes by their hash. */
export interface Blobs {
  /** Stores bytes under their digest; storing the same bytes again changes nothing. */
  put(bytes: Uint8Array, hash: Digest): Promise<BlobRef>;
  /**
   * A plain Uint8Array, never a Node Buffer; the caller does not change it.
   *
   * @throws FedtuneError `blob-missing`
   */
  get(hash: Digest): Promise<Uint8Array>;
  has(hash: Digest): Promise<boolean>;
  delete(hash: Digest): Promise<void>;
}

/** Where a client's upload belongs; the key under which it is idempotent. */
export interface UploadSlot {
  readonly run: RunId;
  readonly round: number;
  readonly client: ClientId;
}

/** The client's end of a connection: encoded control messages on one side, blobs on the other. */
export interface ClientTransport {
  /** Opens the connection; resolves once messages can be sent. Reconnects by itself until closed. */
  open(events: ClientTransportEvents, signal: AbortSignal): Promise<void>;
  /** Sends one encoded control message; delivery is at most once, the session resends. `said` as in {@link ServerTransport.send}. */
  send(message: string, said?: ClientMessage): void;
  /** @throws FedtuneError `blob-missing`, `blob-corrupt`, `transport-closed` */
  download(ref: BlobRef, signal: AbortSignal): Promise<Uint8Array>;
  /** Idempotent under the slot: the same bytes again are fine, other bytes throw `update-conflict`. */
  upload(
    slot: UploadSlot,
    blob: { readonly bytes: Uint8Array; readonly hash: Digest },
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

/** What a client transport tells its session. */
export interface ClientTransportEvents {
  /** `said`, where it was handed over, is what the coordinator encoded and nobody changes. */
  message(message: string, said?: ServerMessage): void;
  /** The connection was lost and is being re-made. */
  disconnected(): void;
  /** The connection is there again; the session says hello anew. */
  reconnected(): void;
}

/** The coordinator's end: one logical connection per client. */
export interface ServerTransport {
  /** Registers the handler; called once, before the first client connects. */
  listen(events: ServerTransportEvents): void;
  /**
   * Sends one encoded control message, at most once; silently nothing when the client is gone. `said` is what it encodes: a
   * transport whose other end is in this very process may hand it over.
   */
  send(connection: string, message: string, said?: ServerMessage): void;
  /** Ends one connection. */
  disconnect(connection: string): void;
  close(): Promise<void>;
}

/** What a server transport tells the coordinator. `connection` names one live socket, not a client. */
export interface ServerTransportEvents {
  /** `said`, where it was handed over, is what the client encoded and nobody changes. */
  message(connection: string, message: string, said?: ClientMessage): void;
  closed(connection: string): void;
  /**
   * A client's bytes for its slot, already hashed by the sender; idempotent.
   *
   * @throws FedtuneError `unknown-client`, `update-too-large`, `update-conflict`
   */
  upload(
    connection: string,
    slot: UploadSlot,
    blob: { readonly bytes: Uint8Array; readonly hash: Digest },
  ): Promise<void>;
  /** A client's upload has begun, before its bytes are read; what the transport does not know it need not tell. */
  uploading?(connection: string, slot: UploadSlot): void;
  /** So many bytes of an upload are there; now and then, for people who look on. */
  received?(
    connection: string,
    upload: UploadSlot & { readonly received: number; readonly total: number },
  ): void;
  /** @throws FedtuneError `unknown-client`, `blob-missing` */
  download(connection: string, hash: Digest): Promise<Uint8Array>;
}

/** The share of a client's examples that stays out of its training, and which of the two parts is meant. */
export interface Holdout {
  /** Above 0, below 1. */
  readonly fraction: number;
  readonly part: "train" | "held-out";
}

/** A reference to examples; never rows. What it means is the trainer's business. */
export type DataRef = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  /** Only one part of the examples, the same in every round and process; absent or null: all of them. */
  readonly holdout?: Holdout | null;
};

/** A published change of the base; `id` is the hash of its blob. */
export interface BaseResidual {
  readonly id: string;
  readonly modules: readonly FactoredResidual[];
}

/** One local training task: structured-cloneable, because the trainer lives in a worker that owns model and data. */
export interface TrainJob {
  readonly run: RunId;
  readonly round: number;
  readonly rank: number;
  readonly adapter: AdapterSettings & {
    readonly kind: string;
    readonly targetModules: readonly string[];
  };
  /** The full tier vector to start from: global factors, with personal ones already in place; `[layout.size]`. Read-only: others may share it. */
  readonly start: Float32Array;
  /** All base residuals since the pristine base, in order; the trainer folds each once and knows them by id. */
  readonly residuals: readonly BaseResidual[];
  readonly train: readonly FactorRole[];
  /** Of the trained roles those whose values stay zero where they start at zero. */
  readonly freezeZeros: readonly FactorRole[];
  readonly task: TaskSettings;
  readonly training: TrainingSettings;
  /** Record-level privacy is the trainer's: it clips and perturbs every step; other modes change nothing here. */
  readonly privacy: RunPrivacy;
  /** Four words of the client's own stream for this round. */
  readonly seed: readonly [number, number, number, number];
  readonly data: DataRef;
}

/** What training returns; `factors` is the full tier vector after training. */
export interface TrainResult {
  readonly factors: Float32Array;
  /** Examples in the client's data: the weight of its update. */
  readonly examples: number;
  /** `loss` (mean over the round), `steps`, `tokens`, `seconds`. */
  readonly metrics: Metrics;
  /** What was spent; must equal what was reserved. Empty without privacy. */
  readonly privacyEvents: readonly unknown[];
}

/** Evaluation of one adapter on one data set. */
export interface EvaluateJob extends Omit<
  TrainJob,
  "train" | "freezeZeros" | "training" | "privacy" | "seed" | "round"
> {
  readonly batchSize: number;
  /** Tokens per example, special tokens included; null: as many as the base model takes. */
  readonly maxLength: number | null;
}

/** How a trainer reports while it works. */
export interface TrainControl {
  readonly signal: AbortSignal;
  onProgress?(progress: {
    readonly done: number;
    readonly total: number;
    readonly loss?: number;
  }): void;
}

/** Trains and evaluates adapters; owns base model, data and device. */
export interface Trainer {
  /** @throws FedtuneError `training-failed`, `not-finite`, `data-invalid`, `cancelled` */
  train(job: TrainJob, control: TrainControl): Promise<TrainResult>;
  /** Metrics `loss`, `accuracy`, `macroF1`, `matthews`, `examples`. */
  evaluate(job: EvaluateJob, control: TrainControl): Promise<Metrics>;
  close(): Promise<void>;
}

/** What is done to the updates of a run that protects whole clients; noise and settings are its own business. */
export interface UpdatePrivacy {
  /** Opens the sum of one round. Every call draws its noise afresh: what an attempt that failed had drawn is gone. */
  open(round: PrivateRound): PrivateMean;
}

/** A round that is about to be summed up. */
export interface PrivateRound {
  readonly round: number;
  /** Values of every update. */
  readonly length: number;
  /** What the last committed round left, see {@link PrivateRelease}; null before the first. */
  readonly state: string | null;
}

/** The sum of one round's updates on its way to become one noisy mean. */
export interface PrivateMean {
  /**
   * Adds one client's whole update, `[length]`; called in participant order, once per client.
   *
   * @throws RangeError when the length is another
   */
  add(delta: Float32Array): void;
  /** Ends the sum; also of a round without updates, which must look like any other. */
  finish(): PrivateRelease;
}

/** What one round gives away, and what it needs in order to go on. */
export interface PrivateRelease {
  /** What stands for all updates: their noisy sum over a number that does not depend on them, `[length]`. */
  readonly mean: Float32Array;
  /** Public numbers about the round, by name. */
  readonly metrics: Metrics;
  /** What the round does to a client's data, as a ledger keeps it; public. Of noise that rounds share: of all so far. */
  readonly events: readonly unknown[];
  /** Handed to the next round; may be secret, so it leaves the coordinator's store for nobody. */
  readonly state: string;
}

/** What a client keeps of one run, written in one atomic step. */
export interface ClientRecord {
  readonly run: RunId;
  /** Adapter that the client holds: the round and the hash of its shared values. */
  readonly held: {
    readonly round: number;
    readonly rank: number;
    readonly values: Float32Array;
  } | null;
  /** Personal factors promoted by the last accepted update; packed by role order. */
  readonly personal: Float32Array | null;
  /** What sparse updates left unsent, packed as the change they were of; null: nothing, or it is not kept. */
  readonly unsent: {
    /** Round of the last accepted update. */
    readonly round: number;
    readonly values: Float32Array;
  } | null;
  /** The update being delivered; resent byte for byte after a restart. */
  readonly pending: PendingUpdate | null;
}

/** An update on its way: stored before the first byte is uploaded. */
export interface PendingUpdate {
  readonly round: number;
  readonly bytes: Uint8Array;
  readonly hash: Digest;
  readonly examples: number;
  readonly metrics: Metrics;
  /** Becomes `personal` when the update is accepted. */
  readonly nextPersonal: Float32Array | null;
  /** Becomes `unsent` when the update is accepted. */
  readonly nextUnsent: Float32Array | null;
}

/** A client's own durable memory. */
export interface ClientState {
  load(run: RunId): Promise<ClientRecord | null>;
  /** Replaces the record in one atomic step: after a crash either the old or the new one is there, whole. */
  save(record: ClientRecord): Promise<void>;
}
