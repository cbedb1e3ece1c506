/** How the time of a round was spent, told along its slowest accepted member. */
import type { AttemptTimeline, MemberTimeline, RoundDetails } from "./api-types.ts";

/** Parts of a round, in their order. */
export const phaseNames = ["select", "train", "upload", "wait", "aggregate"] as const;
/** One of {@link phaseNames}. */
export type PhaseName = (typeof phaseNames)[number];

/** Lengths in ms; a part that cannot be told is in the one before it. */
export type Phases = Readonly<Record<PhaseName, number>>;

function slowest({ members }: AttemptTimeline): MemberTimeline | null {
  let found: MemberTimeline | null = null;
  for (const member of members) {
    if (member.acceptedMs !== null && member.acceptedMs > (found?.acceptedMs ?? -1)) found = member;
  }
  return found;
}

const between = (from: number, to: number): number => Math.max(to - from, 0);

/**
 * The phases of a committed round's last attempt: until the slowest accepted member began to train, until its update left,
 * until it was there, until the attempt closed, and until the round was committed. Null where nobody was accepted or it is
 * hidden.
 */
export function phasesOf({ attempts, committedAt }: RoundDetails): Phases | null {
  const attempt = attempts.at(-1);
  const member = attempt === undefined ? null : slowest(attempt);
  if (attempt === undefined || member === null) return null;
  const since = (date: string | null): number | null =>
    date === null ? null : Date.parse(date) - Date.parse(attempt.openedAt);
  const accepted = member.acceptedMs ?? 0;
  const started = Math.min(member.startedMs ?? member.orderedMs ?? 0, accepted);
  const uploaded = Math.min(member.uploadedMs ?? accepted, accepted);
  // A client says how long it trained; what is left of the time until its update was there, the update travelled.
  const { trainingSeconds } = member;
  const trained = trainingSeconds === null ? uploaded : started + trainingSeconds * 1000;
  const left = Math.min(Math.max(trained, started), uploaded);
  const closed = Math.max(since(attempt.endedAt) ?? accepted, accepted);
  return {
    ...{ select: started, train: between(started, left), upload: between(left, accepted) },
    wait: between(accepted, closed),
    aggregate: between(closed, since(committedAt) ?? closed),
  };
}

/** The length of all parts together. */
export const phasesTotal = (phases: Phases): number =>
  phaseNames.reduce((total, name) => total + phases[name], 0);
