/** What the client loop is given: the world, who takes part, and who listens. */
import type {
  AdapterShape,
  ClientId,
  ClientState,
  ClientTransport,
  Clock,
  DataRef,
  DeviceFacts,
  Digest,
  Entropy,
  Hash,
  MessageOf,
  Metrics,
  RunId,
  RunSpec,
  Trainer,
} from "@fedtune/core";

import type { HolderPrivacy } from "./privacy-guard.ts";

/** What a client needs of the world. */
export interface ClientPorts {
  readonly transport: ClientTransport;
  readonly state: ClientState;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly trainer: Trainer;
  /** The data holder's own privacy; without it a client takes no part in runs that charge it. */
  readonly privacy?: HolderPrivacy;
  /** Where this client's share of the noise comes from; without it a client takes no part in runs that ask for one. */
  readonly entropy?: Entropy;
  /** Adapters by hash, shared by the clients of one process so that they are built and kept once; nobody may change them. */
  readonly adapters?: AdapterCache;
  /** Where updates are written, shared by the clients of one process; absent: every update has memory of its own. */
  readonly memory?: UpdateMemory;
  /** Takes the place of this client's own personal factors; a simulation's reproduction of other code only. */
  readonly personal?: SharedPersonal;
  /** What this client's own base model gives for the run's adapter. */
  readonly describe: (spec: RunSpec) => Promise<AdapterShape>;
}

/**
 * Memory for the bytes of updates. Whoever keeps the bytes counts: memory that nobody keeps any more is given out again, with
 * whatever stands in it.
 */
export interface UpdateMemory {
  /** Bytes that the caller keeps. */
  take(length: number): Uint8Array;
  /** One more keeps them; nothing for bytes that were not taken here. */
  keep(bytes: Uint8Array): void;
  /** One fewer keeps them. */
  drop(bytes: Uint8Array): void;
  /**
   * Names an update that was written into bytes taken here and has this norm; the name stands for its hash wherever the run
   * speaks of it. Of this client's updates that somebody keeps, two have one name exactly if they are the same bytes; those
   * of other clients have other names. Absent: hashes are names.
   */
  readonly name?: (bytes: Uint8Array, norm: number) => Digest;
}

/** Personal factors that the clients of one process have in common. */
export interface SharedPersonal {
  /** Does one piece of work at a time, in the order of the calls. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Packed by role order; null before the first training. */
  get(): Float32Array | null;
  set(packed: Float32Array): void;
}

/** A small cache of immutable adapters. */
export interface AdapterCache {
  get(hash: Digest): Float32Array | undefined;
  set(hash: Digest, values: Float32Array): void;
}

/** A client's whole adapter. */
export interface OwnAdapter {
  /** The round whose shared factors it has. */
  readonly round: number;
  /** The full tier vector; `[layout.size]`. */
  readonly values: Float32Array;
  /** Whether the run changed the base model too: the adapter alone is then not the model. */
  readonly changesBase: boolean;
}

/** Tells the owner of a client what happens. */
export interface ClientListener {
  welcomed?(welcome: MessageOf<"welcome">): void;
  roundStarted?(round: number): void;
  progress?(progress: {
    readonly round: number;
    readonly done: number;
    readonly total: number;
    readonly loss?: number;
  }): void;
  delivered?(delivery: {
    readonly round: number;
    readonly bytes: number;
    readonly accepted: boolean;
    readonly reason?: string;
  }): void;
  declined?(failure: { readonly round: number; readonly message: string }): void;
  /** What this client's own adapter is worth on its own examples after a round; null: it could not be evaluated. */
  evaluated?(evaluation: {
    readonly round: number;
    readonly metrics: Metrics | null;
    readonly message?: string;
  }): void;
  /** The session is over: the adapter as this client has it, its own factors in place; null: it never had one. */
  ended?(adapter: OwnAdapter | null): void;
  disconnected?(): void;
}

/** Who takes part, where and with what. */
export interface ClientOptions {
  readonly client: ClientId;
  readonly run: RunId | null;
  readonly data: DataRef;
  /** What it evaluates on; null: what the run has it keep out of training. */
  readonly evaluationData?: DataRef | null;
  readonly software: string;
  /** What the coordinator's operators are told of this device; absent: nothing. */
  readonly device?: DeviceFacts | null;
  /** Milliseconds between two words about how far training is; absent: none are said. */
  readonly progressEveryMs?: number;
  /** Milliseconds between two words of an idle client, 15 s where absent; Infinity: none, over a network that loses nothing. */
  readonly heartbeatMs?: number;
  readonly listener?: ClientListener;
  /** Whether the adapter's hash is checked against every order; the sender's hash otherwise suffices. */
  readonly verify?: boolean;
  /** Ends the session; the promise then resolves with kind `left`. */
  readonly signal?: AbortSignal;
}
