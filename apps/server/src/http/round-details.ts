/** One round as the API tells it: what is stored, and of an open attempt what its coordinator knows. */
import type { OutputOf } from "@fedtune/api";
import { newMember } from "@fedtune/core";
import type {
  AttemptDetails,
  AttemptTimeline,
  ClientId,
  MemberRow,
  RoundDetails,
  RunConfig,
} from "@fedtune/core";
import { hidesPresence, publicEvaluation, publicRound } from "./public-history.ts";

type Told = OutputOf<"getRound">;

/** What a round is told from. */
export interface RoundFacts {
  readonly round: number;
  readonly details: RoundDetails;
  readonly config: RunConfig;
  /** The attempt at hand, where this process plays the run. */
  readonly live: AttemptTimeline | null;
  readonly names: ReadonlyMap<number, ClientId>;
}

/** Puts it together; where presence is hidden nothing is said of attempts. */
export function roundTold({ round, details, config, live, names }: RoundFacts): Told {
  const { row, committedAt, evaluation } = details;
  const isHidden = hidesPresence(config);
  const attempts = isHidden ? [] : details.attempts;
  const members = membersOf(attempts, details, live);
  return {
    round,
    committed: row === null ? null : publicRound(row, config),
    // From one round to the next it would say how long a round took.
    committedAt: isHidden ? null : committedAt,
    evaluation: evaluation === null ? null : publicEvaluation(evaluation, config),
    attempts: attempts.map((attempt, at) => {
      const { status, target, openedAt, endedAt, code, message } = attempt;
      return {
        ...{ attempt: attempt.attempt, status, target, openedAt, endedAt, code, message },
        members: (members[at] ?? []).map((member) => timelineOf(member, names)),
      };
    }),
  };
}

/** The members of each attempt, with what was refused after its end. */
function membersOf(
  attempts: readonly AttemptDetails[],
  { refusals, updates }: RoundDetails,
  live: AttemptTimeline | null,
): MemberRow[][] {
  const members = attempts.map((attempt) => knownMembers(attempt, updates, live));
  for (const { attempt, index, code, message, refusedAt } of refusals) {
    const named = attempts.findIndex((one) => one.attempt === attempt);
    const places = [named, ...attempts.map((_, at) => attempts.length - 1 - at)];
    const place = places.find((at) => members[at]?.some((member) => member.index === index));
    const list = place === undefined ? undefined : members[place];
    const at = list?.findIndex((member) => member.index === index) ?? -1;
    const member = list?.[at];
    if (list === undefined || place === undefined || member === undefined) continue;
    // What the attempt itself has noted is nearer to what happened than the row's date.
    if (member.code !== null) continue;
    const since = Date.parse(refusedAt) - Date.parse(attempts[place]?.openedAt ?? refusedAt);
    list[at] = { ...member, code, message, refusedMs: Math.max(0, since) };
  }
  return members;
}

function knownMembers(
  { round, attempt, cohort, members }: AttemptDetails,
  updates: RoundDetails["updates"],
  live: AttemptTimeline | null,
): MemberRow[] {
  if (members !== null && members.length > 0) return [...members];
  if (live?.round === round && live.attempt === attempt) return [...live.members];
  const stored = new Map(
    updates.flatMap(({ index, attempt: by, member }) =>
      by === attempt ? [[index, member ?? newMember(index, "accepted")] as const] : [],
    ),
  );
  return cohort.map((index) => stored.get(index) ?? newMember(index, "ordered"));
}

function timelineOf(
  member: MemberRow,
  names: ReadonlyMap<number, ClientId>,
): Told["attempts"][number]["members"][number] {
  const { index, status, code, message, examples, trainingSeconds, bytesUp, bytesDown } = member;
  const { orderedMs, startedMs, uploadedMs, acceptedMs, refusedMs } = member;
  return {
    ...{ index, client: names.get(index) ?? null, order: member.order ?? null, status },
    ...{ orderedMs, startedMs, uploadedMs, acceptedMs, refusedMs },
    ...{ bytesUp, bytesDown, code, message, examples, trainingSeconds },
  };
}
