/** What the memory store keeps of a run, and what it tells of it as a whole. */
import type { ClientId } from "../ids.ts";
import type {
  AttemptEnd,
  AttemptRow,
  EvaluationRow,
  OpenAttempt,
  RefusalRow,
  RoundRow,
  RunEnd,
  RunRow,
  UpdateRow,
} from "./store.ts";
import type { ParticipantRow } from "./store-reads.ts";

/** A run with all its rows; dates are ISO 8601. */
export interface RunData {
  readonly row: RunRow;
  readonly createdAt: string;
  epoch: number;
  paused: boolean;
  end: RunEnd | null;
  endedAt: string | null;
  readonly clients: Map<ClientId, ParticipantRow>;
  /** By round and participantIndex. */
  readonly updates: Map<number, Map<number, UpdateRow>>;
  readonly rounds: RoundRow[];
  /** Of the rounds, in their order. */
  readonly committedAt: string[];
  readonly evaluations: EvaluationRow[];
  readonly attempts: StoredAttempt[];
  readonly refusals: DatedRefusal[];
}

/** An attempt and its end. */
export interface StoredAttempt {
  readonly row: AttemptRow;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  endedAt: string | null;
  end: AttemptEnd | null;
}

/** A refusal and when it was written. */
export interface DatedRefusal {
  readonly row: RefusalRow;
  readonly refusedAt: string;
}

/** A run without rows. */
export function emptyRun(row: RunRow, createdAt: string): RunData {
  return {
    ...{ row, createdAt, epoch: 0, paused: false, end: null, endedAt: null },
    ...{ clients: new Map(), updates: new Map(), rounds: [], committedAt: [] },
    ...{ evaluations: [], attempts: [], refusals: [] },
  };
}

/** The latest attempt at the round that is not committed. */
export function latestAttempt({ attempts, rounds }: RunData): StoredAttempt | null {
  const last = attempts.at(-1);
  return last?.row.round === rounds.length + 1 ? last : null;
}

/** Updates of a round in participant order. */
export function updatesOf({ updates }: RunData, round: number): UpdateRow[] {
  return [...(updates.get(round)?.values() ?? [])].sort((a, b) => a.index - b.index);
}

/** An attempt as its successor finds it. */
export function describeAttempt(
  data: RunData,
  { row, end, openedAt }: StoredAttempt,
  now: number,
): OpenAttempt {
  const { round, attempt } = row;
  const ofIt = data.refusals.filter(({ row: one }) => one.round === round);
  return {
    ...row,
    updates: updatesOf(data, round),
    refusals: ofIt.map((one) => one.row).filter((one) => one.attempt === attempt),
    status: end?.status ?? "open",
    accepted: end?.status === "closed" ? end.accepted : null,
    ageMs: Math.max(0, now - openedAt),
  };
}

/** A date of milliseconds since 1970. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Runs now and settles as a promise, as a store over a network would. */
export function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
