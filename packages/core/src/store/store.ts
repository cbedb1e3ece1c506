/** The coordinator's durable memory as a port: every call async, every write carries the fencing epoch of its owner. */
import type { ErrorCode } from "../errors.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { Metrics } from "../metrics.ts";
import type { BlobRef, PrivateRelease } from "../ports.ts";
import type { DeviceFacts, PublishedBlob } from "../protocol/messages.ts";
import type { MemberRow } from "./member-row.ts";
import type {
  Paged,
  ParticipantPage,
  Place,
  RoundDetails,
  RunFilter,
  SeriesPoint,
  SeriesQuery,
  StoredRun,
} from "./store-reads.ts";

/** How a run ended, or that it has not. */
export type RunStatus = "running" | "completed" | "failed" | "stopped";

/** A run as it was created. */
export interface RunRow {
  readonly id: RunId;
  readonly configHash: Digest;
  /** The resolved config, JSON. */
  readonly config: unknown;
}

/** An update that was accepted. */
export interface UpdateRow {
  readonly round: number;
  /** The attempt that accepted it; a later attempt at the round may use it. */
  readonly attempt: number;
  readonly index: number;
  readonly blob: BlobRef;
  readonly examples: number;
  readonly metrics: Metrics;
  /** Euclidean norm of the uploaded delta. */
  readonly norm: number;
  /** The round whose adapter it was trained from; absent: the one before its own. */
  readonly base?: number;
  /** How its client came so far; absent: nobody has noted it. */
  readonly member?: MemberRow;
}

/** What travelled in one round, in bytes: adapter blobs and control messages apart. */
export interface Traffic {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly controlBytesUp: number;
  readonly controlBytesDown: number;
}

/** A published part and where its bytes are. */
export interface PublishedPart {
  /** The method's own name for it. */
  readonly id: string;
  readonly blob: PublishedBlob;
}

/** Everything that one round leaves behind; written in one transaction. */
export interface RoundRow {
  readonly round: number;
  readonly attempt: number;
  readonly sampled: number;
  /** Accepted participant indices, ascending. */
  readonly accepted: readonly number[];
  /** Refused updates of this round by code. */
  readonly refusals: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly declined: number;
  readonly gone: number;
  /** Clients' training metrics, merged by weight. */
  readonly training: Metrics;
  readonly method: Metrics;
  readonly aggregationError: AggregationErrorRow;
  /** What protected the clients, without the mean that it gave; null in a run that protects none of them as a whole. */
  readonly privacy: Omit<PrivateRelease, "mean"> | null;
  readonly traffic: Traffic;
  /** Wall-clock length of the attempt that closed the round, from its opening to its commit, on the coordinator's clock. */
  readonly seconds: number;
  /** The method's state after this round. */
  readonly state: BlobRef;
  /** Parts published so far that a later download may name. */
  readonly parts: readonly PublishedPart[];
  /** Per rank tier: the adapter after this round. */
  readonly adapters: readonly TierAdapter[];
}

/** How far a round's broadcast is from the mean of its clients' products, as relative Frobenius distances. */
export interface AggregationErrorRow {
  /** Over all modules together; null: not measured, see `reason`. */
  readonly total: number | null;
  readonly reason: string | null;
  /** Of `total`: 0 where it is exact, more where a module was sketched. */
  readonly standardError: number | null;
  readonly modules: Readonly<Record<string, number>>;
}

/** A tier's adapter after a round. */
export interface TierAdapter {
  readonly rank: number;
  /** Hash of the float32 values that clients hold. */
  readonly hash: Digest;
  /** The blob of the model's float32 values: the same bytes, unless clients hold less. */
  readonly model: Digest;
}

/** What a coordinator needs to go on with a run. */
export interface Resumption {
  readonly epoch: number;
  /** The last committed round, or null for a fresh run. */
  readonly last: RoundRow | null;
  /** The latest attempt at the round after the last committed one; null: there is none yet. */
  readonly attempt: OpenAttempt | null;
  /** In order of their rounds. */
  readonly evaluations: readonly EvaluationRow[];
  readonly paused: boolean;
  /** How the run ended; null: it goes on. */
  readonly end: RunEnd | null;
}

/** An attempt at a round that is not committed, and what became of it so far. */
export interface OpenAttempt extends AttemptRow {
  /** Updates of the round that this or an earlier attempt accepted, in participant order. */
  readonly updates: readonly UpdateRow[];
  /** Refusals of this attempt. */
  readonly refusals: readonly RefusalRow[];
  /** Milliseconds since it was opened. */
  readonly ageMs: number;
  /** `closed` and `abandoned` are final: its updates are frozen. */
  readonly status: "open" | "closed" | "abandoned";
  /** Of a closed attempt: the participants whose updates make the round, ascending. */
  readonly accepted: readonly number[] | null;
}

/** What a coordinator would not take, and why. */
export interface RefusalRow {
  readonly round: number;
  readonly attempt: number;
  readonly index: number;
  /** Null: it had no bytes, for example an order that was declined. */
  readonly hash: Digest | null;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What became of an update that was to be stored; `closed`: its attempt takes no more. */
export type StoredUpdate = "stored" | "same" | "conflict" | "closed";

/** A run in a list. */
export interface RunHead {
  readonly id: RunId;
  readonly configHash: Digest;
  readonly status: RunStatus;
  readonly paused: boolean;
  /** Committed rounds. */
  readonly rounds: number;
  /** When the run was created, ISO 8601 in UTC. */
  readonly createdAt: string;
}

/**
 * The store of one coordinator.
 *
 * Every method is one transaction: it is done when its promise resolves, and a crash leaves it done or not begun. A write
 * whose epoch is not the run's latest throws `stale-epoch` and changes nothing. Writes that are repeated with what they
 * have already written change nothing.
 */
export interface Store {
  /**
   * Creates the run or takes it over; the epoch handed out is greater than any before.
   *
   * @throws FedtuneError `config-conflict` when the run exists with another config hash
   */
  openRun(row: RunRow): Promise<Resumption>;
  /**
   * The client's participantIndex, the same at every call; a new client gets the next one, or its place in `roster`. What
   * it says of itself replaces what it said before.
   */
  enrol(run: RunId, client: ClientId, how: Enrolment): Promise<number>;
  /** The clients that have enrolled, in order of their index. */
  getClients(run: RunId): Promise<readonly EnrolledClient[]>;
  /** @throws FedtuneError `wrong-round` unless it is the next attempt at the round after the last committed one */
  openAttempt(run: RunId, epoch: number, attempt: AttemptRow): Promise<void>;
  /**
   * Stores an accepted update, unique under (run, round, index): `same` for the same blob again, `conflict` for another,
   * `closed` when its attempt is not the latest or is not open.
   */
  putUpdate(run: RunId, epoch: number, update: UpdateRow): Promise<StoredUpdate>;
  /** Adds a refusal, also of rounds that are over; one row for the same bytes of a client and the same reason. */
  putRefusal(run: RunId, epoch: number, refusal: RefusalRow): Promise<void>;
  /**
   * Ends an open attempt: its updates are frozen. Those that it stored and `accepted` does not name are dropped: they came
   * between the decision and its writing down, and their clients are told that they are late.
   *
   * @throws FedtuneError `wrong-round` when the attempt is not the latest, or has ended in another way
   */
  endAttempt(run: RunId, epoch: number, end: AttemptEnd): Promise<void>;
  getUpdate(run: RunId, round: number, index: number): Promise<UpdateRow | null>;
  /** Stored updates of a round for the given indices, in the order of `indices`. */
  getUpdates(run: RunId, round: number, indices: readonly number[]): Promise<readonly UpdateRow[]>;
  /**
   * The round's row becomes the last; the next round can open. The last row again changes nothing.
   *
   * @throws FedtuneError `wrong-round` when it is not the round after the last one
   */
  commitRound(run: RunId, epoch: number, row: RoundRow): Promise<void>;
  /** The first evaluation of a round stays. */
  putEvaluation(run: RunId, epoch: number, evaluation: EvaluationRow): Promise<void>;
  setPaused(run: RunId, epoch: number, paused: boolean): Promise<void>;
  finishRun(run: RunId, epoch: number, end: RunEnd): Promise<void>;
  getRound(run: RunId, round: number): Promise<RoundRow | null>;
  getHistory(run: RunId): Promise<RunHistory | null>;
  /** All runs, the oldest first. */
  getRuns(): Promise<readonly RunHead[]>;
  /** A run with its sums; null: there is none of that name. */
  getRun(run: RunId): Promise<StoredRun | null>;
  /** Runs that pass the filter, the newest first. */
  findRuns(filter: RunFilter, place: Place): Promise<Paged<StoredRun>>;
  /** Committed rounds. This and what follows throws FedtuneError `run-unknown`. */
  getRounds(run: RunId, place: Place): Promise<Paged<RoundRow>>;
  /** In order of their rounds. */
  getEvaluations(run: RunId, place: Place): Promise<Paged<EvaluationRow>>;
  /** In the order of their opening. */
  getAttempts(run: RunId, place: Place): Promise<Paged<AttemptRow>>;
  /** In the order in which they were written. */
  getRefusals(run: RunId, place: Place): Promise<Paged<RefusalRow>>;
  /** Clients that have enrolled, with their sums, in order of their index. */
  getParticipants(run: RunId, place: Place): Promise<ParticipantPage>;
  /** One number per round or evaluation, ascending; those without it, or without a finite one, are left out. */
  getSeries(run: RunId, wanted: SeriesQuery): Promise<readonly SeriesPoint[]>;
  /** A round with its attempts and refusals; null: there is no attempt at it and it is not committed. */
  getRoundDetails(run: RunId, round: number): Promise<RoundDetails | null>;
  /** Forgets a run with all its rows; its blobs are swept later. Forgetting it again is fine. */
  deleteRun(run: RunId): Promise<void>;
}

/** A client of a run. */
export interface EnrolledClient {
  readonly client: ClientId;
  readonly index: number;
}

/** How a client enrols. */
export interface Enrolment {
  /** Names in order of their index; null: whoever comes. */
  readonly roster: readonly string[] | null;
  /** What it says of itself; absent: nothing. */
  readonly software?: string;
  readonly device?: DeviceFacts | null;
}

/** How an attempt ended: with the updates that make the round, or with the reason why there is no round. */
export type AttemptEnd = {
  readonly round: number;
  readonly attempt: number;
  /** Of an abandoned attempt: those that a later one may use. */
  readonly accepted: readonly number[];
  /** What became of each member; the first end of an attempt adds it to the sums of its participants. */
  readonly members?: readonly MemberRow[];
} & (
  | { readonly status: "closed" }
  | { readonly status: "abandoned"; readonly code: ErrorCode; readonly message: string }
);

/** One attempt at a round. */
export interface AttemptRow {
  readonly round: number;
  readonly attempt: number;
  /** Ascending participant indices. */
  readonly cohort: readonly number[];
  /** Accepted updates that close it. */
  readonly target: number;
}

/** Evaluation of the adapter after a round, central or merged over clients; round 0 is the initial one. */
export interface EvaluationRow {
  readonly round: number;
  readonly metrics: Metrics;
  /** What travelled for it; null: it asked nobody, and whatever travels meanwhile is the next round's. */
  readonly traffic: Traffic | null;
}

/** How a run ended. */
export interface RunEnd {
  readonly status: Exclude<RunStatus, "running">;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
}

/** A run with everything that happened, for reports. */
export interface RunHistory {
  readonly run: RunRow;
  readonly status: RunStatus;
  readonly failure: RunEnd["failure"];
  readonly rounds: readonly RoundRow[];
  readonly evaluations: readonly EvaluationRow[];
  readonly attempts: readonly AttemptRow[];
  readonly refusals: readonly RefusalRow[];
}
