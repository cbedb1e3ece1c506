/** Participants as the API tells them: what is stored of each, and what its coordinator sees of it now. */
import type { ItemOf } from "@fedtune/api";
import type { ParticipantRow, RoundState } from "@fedtune/core";

/** What facts are told from. */
export interface ParticipantContext {
  /** Of all accepted updates of the run. */
  readonly examplesSum: number;
  /** Null: no coordinator of this process has the run. */
  readonly state: RoundState | null;
  readonly committed: number;
  /** By name: when a client was revoked. */
  readonly revoked: ReadonlyMap<string, string>;
  /** ISO 8601 in UTC. */
  readonly now: string;
}

/** Tells one participant. */
export function participantFacts(
  row: ParticipantRow,
  { examplesSum, state, committed, revoked, now }: ParticipantContext,
): ItemOf<"listParticipants"> {
  const { index, client, joinedAt, lastSeen, software, device, trainingSeconds, timed } = row;
  const { ordered, accepted, refused, late, declined, lastRound, examples } = row;
  const { present: isPresent = false, holds = null } = state?.participants[index] ?? {};
  const member = state?.cohort.find((one) => one.index === index);
  return {
    ...{ index, client, joinedAt, lastSeen: isPresent ? now : lastSeen, isPresent },
    ...{ status: member?.status ?? null, revokedAt: revoked.get(client) ?? null },
    ...{ software, device, ordered, accepted, refused, late, declined, lastRound },
    staleness: holds === null ? null : Math.max(0, committed - holds),
    examples,
    share: examplesSum === 0 ? null : row.examplesSum / examplesSum,
    meanTrainingSeconds: timed === 0 ? null : trainingSeconds / timed,
    ...{ bytesUp: row.bytesUp, bytesDown: row.bytesDown },
  };
}
