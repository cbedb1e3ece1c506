/** Pure helpers over {@link RoundState}: every function returns a new state and leaves its argument alone. */
import type { RunEnd } from "../store/store.ts";
import type {
  BestEvaluation,
  LeftAttempt,
  Member,
  MemberStatus,
  Participant,
  RoundEffect,
  RoundState,
} from "./types.ts";

/** A state and what it asks of the world. */
export type Step = readonly [RoundState, readonly RoundEffect[]];

const noCounts: Readonly<Record<MemberStatus, number>> = {
  ordered: 0,
  training: 0,
  storing: 0,
  accepted: 0,
  refused: 0,
  declined: 0,
  gone: 0,
};

/** What an earlier process left of a run. */
export interface LeftRun {
  /** Finished rounds. */
  readonly round: number;
  readonly attempt?: LeftAttempt | null;
  /** Participants that were ordered the last finished round and had not delivered when it closed. */
  readonly late?: readonly number[];
  /** The last evaluated round; null or absent: none. */
  readonly evaluated?: number | null;
  readonly best?: BestEvaluation | null;
  readonly paused?: boolean;
  readonly end?: RunEnd | null;
}

/** The state before anything happened in this process. */
export function initialState(left: LeftRun = { round: 0 }): RoundState {
  return {
    phase: left.end?.status ?? "idle",
    round: left.round,
    attempt: 1,
    participants: [],
    presentCount: 0,
    cohort: [],
    target: 0,
    counts: noCounts,
    stored: [],
    late: (left.late ?? []).map((index) => ({
      ...{ index, status: "training", away: false, uploading: false },
      ...{ hash: null, ordered: left.round },
    })),
    inGrace: false,
    owesEvaluation: (left.evaluated ?? -1) < left.round,
    best: left.best ?? null,
    left: left.attempt ?? null,
    stopping: false,
    paused: left.paused ?? false,
    failure: left.end?.failure ?? null,
  };
}

/** Chains a transition after a step, collecting effects in order. */
export function chain([state, effects]: Step, next: (state: RoundState) => Step): Step {
  const [after, more] = next(state);
  return [after, more.length === 0 ? effects : [...effects, ...more]];
}

/** A step that changes nothing. */
export function stay(state: RoundState): Step {
  return [state, []];
}

/** Puts a participant in its place. */
export function withParticipant(state: RoundState, participant: Participant): RoundState {
  const before = state.participants[participant.index];
  const participants = state.participants.slice();
  participants[participant.index] = participant;
  const change = Number(participant.present) - Number(before?.present ?? false);
  return { ...state, participants, presentCount: state.presentCount + change };
}

/** The cohort member with a participant index, or undefined; O(log cohort). */
export function memberOf(state: RoundState, index: number): Member | undefined {
  return state.cohort[positionOf(state.cohort, index)];
}

/** Replaces one member and keeps the counts true. */
export function withMember(state: RoundState, member: Member): RoundState {
  const position = positionOf(state.cohort, member.index);
  const before = state.cohort[position];
  if (before === undefined) return state;
  const cohort = state.cohort.slice();
  cohort[position] = member;
  if (before.status === member.status) return { ...state, cohort };
  const counts = { ...state.counts };
  counts[before.status] -= 1;
  counts[member.status] += 1;
  return { ...state, cohort, counts };
}

/** Starts an attempt with the given members. */
export function withCohort(
  state: RoundState,
  cohort: readonly Member[],
  target: number,
): RoundState {
  const counts = { ...noCounts };
  for (const member of cohort) counts[member.status] += 1;
  return { ...state, cohort, target, counts, inGrace: false };
}

/** Adds members, in place of those of the same index. */
export function withMembers(state: RoundState, members: readonly Member[]): RoundState {
  const indices = new Set(members.map(({ index }) => index));
  const others = state.cohort.filter(({ index }) => !indices.has(index));
  const cohort = [...others, ...members].sort((a, b) => a.index - b.index);
  return { ...withCohort(state, cohort, state.target), inGrace: state.inGrace };
}

/** Members whose update may still come. */
export function outstanding(state: RoundState): number {
  return state.counts.ordered + state.counts.training + state.counts.storing;
}

/** True while a member's update may still come. */
export function isOutstanding(member: Pick<Member, "status">): boolean {
  return member.status === "ordered" || member.status === "training" || member.status === "storing";
}

/** Whether an update is here and waits for a round that takes it. */
export function isHeld({ status, hash }: Pick<Member, "status" | "hash">): boolean {
  return status === "training" && hash !== null;
}

/** Indices of present participants, ascending. */
export function presentIndices(state: RoundState): number[] {
  const indices: number[] = [];
  for (const participant of state.participants) {
    if (participant?.present === true) indices.push(participant.index);
  }
  return indices;
}

function positionOf(cohort: readonly Member[], index: number): number {
  let low = 0;
  let high = cohort.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = cohort[middle]?.index ?? 0;
    if (at === index) return middle;
    if (at < index) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
