/** What the client loop is given: the world, who takes part, and who listens. */
import type {
  AdapterShape,
  ClientId,
  ClientState,
  ClientTransport,
  Clock,
  DataRef,
  Digest,
  Hash,
  MessageOf,
  RunId,
  RunSpec,
  Trainer,
} from "@fedtune/core";

/** What a client needs of the world. */
export interface ClientPorts {
  readonly transport: ClientTransport;
  readonly state: ClientState;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly trainer: Trainer;
  /** Adapters by hash, shared by the clients of one process so that they are built and kept once; nobody may change them. */
  readonly adapters?: AdapterCache;
  /** What this client's own base model gives for the run's adapter. */
  readonly describe: (spec: RunSpec) => Promise<AdapterShape>;
}

/** A small cache of immutable adapters. */
export interface AdapterCache {
  get(hash: Digest): Float32Array | undefined;
  set(hash: Digest, values: Float32Array): void;
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
  disconnected?(): void;
}

/** Who takes part, where and with what. */
export interface ClientOptions {
  readonly client: ClientId;
  readonly run: RunId | null;
  readonly data: DataRef;
  readonly software: string;
  readonly listener?: ClientListener;
  /** Whether the adapter's hash is checked against every order; the sender's hash otherwise suffices. */
  readonly verify?: boolean;
  /** Ends the session; the promise then resolves with kind `left`. */
  readonly signal?: AbortSignal;
}
