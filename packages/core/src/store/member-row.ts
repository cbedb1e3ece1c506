/** What became of one member of a cohort in one attempt, for people who look at rounds; no decision rests on it. */
import type { ErrorCode } from "../errors.ts";
import type { MemberStatus } from "../round/types.ts";

/** A member's way through an attempt. Times are milliseconds since the attempt opened; null: it did not happen. */
export interface MemberRow {
  readonly index: number;
  /** The round of the order that it works on or has delivered, where that is an earlier one: it is late, or was and counts. */
  readonly order?: number;
  /** Now, or when the attempt ended. */
  readonly status: MemberStatus;
  /** When its order was sent, the last time. */
  readonly orderedMs: number | null;
  /** When it said that it trains. */
  readonly startedMs: number | null;
  /** When its update was there in full. */
  readonly uploadedMs: number | null;
  /** When its update was stored. */
  readonly acceptedMs: number | null;
  /** When it was refused, declined or went, the last time. */
  readonly refusedMs: number | null;
  /** Of its uploads since the last attempt that it was in. */
  readonly bytesUp: number;
  /** Of what it fetched since then. */
  readonly bytesDown: number;
  /** Why it was refused, or declined, the last time. */
  readonly code: ErrorCode | null;
  readonly message: string | null;
  /** As the client says itself. */
  readonly examples: number | null;
  readonly trainingSeconds: number | null;
}

/** A member of which nothing is known yet. */
export function newMember(index: number, status: MemberStatus): MemberRow {
  return {
    ...{ index, status, orderedMs: null, startedMs: null, uploadedMs: null, acceptedMs: null },
    ...{ refusedMs: null, bytesUp: 0, bytesDown: 0, code: null, message: null },
    ...{ examples: null, trainingSeconds: null },
  };
}

/** What an attempt adds to the sums of a participant. */
export interface MemberSums {
  readonly ordered: number;
  readonly accepted: number;
  readonly refused: number;
  readonly declined: number;
  readonly examples: number;
  readonly trainingSeconds: number;
  /** Accepted updates that say how long they took. */
  readonly timed: number;
}

/** What a member's row counts for. */
export function sumsOf(row: MemberRow): MemberSums {
  const isAccepted = row.acceptedMs !== null;
  const isDeclined = row.status === "declined";
  const isRefused = row.code !== null && !isDeclined && row.code !== "late-update";
  const seconds = isAccepted ? row.trainingSeconds : null;
  return {
    ordered: Number(row.orderedMs !== null),
    accepted: Number(isAccepted),
    refused: Number(isRefused),
    declined: Number(isDeclined),
    examples: isAccepted ? (row.examples ?? 0) : 0,
    trainingSeconds: seconds ?? 0,
    timed: Number(seconds !== null),
  };
}
