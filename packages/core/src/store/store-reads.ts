/** What a store tells to those who look at runs: pages, sums, one round in full. */
import type { ErrorCode } from "../errors.ts";
import type { DeviceFacts } from "../protocol/messages.ts";
import type { MemberRow } from "./member-row.ts";
import type {
  AttemptRow,
  EnrolledClient,
  EvaluationRow,
  RefusalRow,
  RoundRow,
  RunEnd,
  RunHead,
  RunStatus,
  UpdateRow,
} from "./store.ts";

/** A part of a list: places from 0. */
export interface Place {
  readonly from: number;
  readonly limit: number;
}

/** A part of a list, and how long the whole is. */
export interface Paged<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

/** Which runs are meant. */
export interface RunFilter {
  readonly status?: RunStatus | undefined;
  /** A part of the name, the base model or the method; capitals do not matter. */
  readonly text?: string | undefined;
}

/** A run with its sums. */
export interface StoredRun extends RunHead {
  /** The resolved config, JSON. */
  readonly config: unknown;
  readonly failure: RunEnd["failure"];
  /** ISO 8601 in UTC; null: it goes on. */
  readonly endedAt: string | null;
  /** Clients that have enrolled. */
  readonly joined: number;
  /** Of all rounds' updates and parts. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The last evaluated round; null: none. */
  readonly evaluated: number | null;
}

/** A client with what it has done in a run so far. */
export interface ParticipantRow extends EnrolledClient {
  /** ISO 8601 in UTC, as all dates here. */
  readonly joinedAt: string;
  /** When it last enrolled, or was last in an attempt that has ended. */
  readonly lastSeen: string;
  readonly software: string | null;
  readonly device: DeviceFacts | null;
  /** Attempts that asked it. */
  readonly ordered: number;
  readonly accepted: number;
  readonly refused: number;
  /** Updates that came after their round had closed. */
  readonly late: number;
  readonly declined: number;
  /** The last round for which an update of it was accepted. */
  readonly lastRound: number | null;
  /** Of its last accepted update. */
  readonly examples: number | null;
  /** Of all its accepted updates. */
  readonly examplesSum: number;
  /** Of its accepted updates that say how long they took. */
  readonly trainingSeconds: number;
  readonly timed: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A part of a run's participants. */
export interface ParticipantPage extends Paged<ParticipantRow> {
  /** Of the accepted updates of all participants. */
  readonly examplesSum: number;
}

/** The sections of which one number per round is read. */
export const seriesSections = ["evaluation", "training", "method", "privacy", "traffic"] as const;

/** Which number, and of which rounds. */
export interface SeriesQuery {
  /** A section with a name in it, or a number of the round itself. */
  readonly of:
    | { readonly section: (typeof seriesSections)[number]; readonly name: string }
    | "seconds"
    | "aggregationError";
  /** First and last round. */
  readonly from: number;
  readonly to: number;
}

/** A round and its number. */
export type SeriesPoint = readonly [round: number, value: number];

/** An attempt with what became of it. */
export interface AttemptDetails extends AttemptRow {
  readonly status: "open" | "closed" | "abandoned";
  readonly openedAt: string;
  readonly endedAt: string | null;
  /** Why it was given up. */
  readonly code: ErrorCode | null;
  readonly message: string | null;
  /** In order of their index; null: it has not ended, and its coordinator knows. */
  readonly members: readonly MemberRow[] | null;
}

/** A round with everything that led to it. */
export interface RoundDetails {
  readonly row: RoundRow | null;
  readonly committedAt: string | null;
  readonly evaluation: EvaluationRow | null;
  readonly attempts: readonly AttemptDetails[];
  /** In the order in which they were written. */
  readonly refusals: readonly (RefusalRow & { readonly refusedAt: string })[];
  /** Updates that are stored for it. */
  readonly updates: readonly UpdateRow[];
}
