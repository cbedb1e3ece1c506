/** What clients do in buffered mode; orders and closing are {@link file://./buffer.ts}'s. */
import type { ErrorCode } from "../errors.ts";
import type { RoundRules } from "./attempt.ts";
import { wasAccepted } from "./members.ts";
import { isInTime } from "./staleness.ts";
import { isHeld, memberOf, stay, withMember, withMembers, withParticipant } from "./state.ts";
import type { Step } from "./state.ts";
import type { Member, RoundEffect, RoundEvent, RoundState, TimerName } from "./types.ts";

type EventOf<Type extends RoundEvent["type"]> = Extract<RoundEvent, { type: Type }>;

/** Whether an order is out and nothing has come back. */
export function isAtWork(member: Member): boolean {
  return member.status === "ordered" || (member.status === "training" && !isHeld(member));
}

/** A client is there: it goes on with what it has, or is free for an order. */
export function joined(rules: RoundRules, state: RoundState, event: EventOf<"joined">): Step {
  const { index, rank, holds, pending = null } = event;
  const present = withParticipant(state, { index, rank, holds, present: true });
  const member = memberOf(present, index);
  if (member !== undefined && !isAtWork(member) && member.status !== "gone") return stay(present);
  const effects: RoundEffect[] =
    member?.away === true ? [{ type: "stopTimer", timer: graceTimer(index) }] : [];
  if (pending !== null && isInTime(state, rules.policy, pending))
    return [withMembers(present, [workingMember(index, pending)]), effects];
  const isCurrent = state.phase === "collecting" && member?.ordered === state.round;
  if (member === undefined || member.status === "gone" || !isCurrent)
    return [withoutMember(present, index), effects];
  const again: Member = { ...member, status: "ordered", away: false };
  const { round, attempt } = state;
  return [withMember(present, again), [...effects, { type: "order", index, round, attempt }]];
}

/** A connection ended; what the client works on may still come within the grace time. */
export function left(rules: RoundRules, state: RoundState, event: EventOf<"left">): Step {
  const participant = state.participants[event.index];
  if (participant?.present !== true) return stay(state);
  const absent = withParticipant(state, { ...participant, present: false });
  const member = memberOf(absent, event.index);
  if (member === undefined || !isAtWork(member)) return stay(absent);
  const ms = rules.policy.reconnectGraceMs;
  if (event.forGood || ms === 0) return stay(withMember(absent, { ...member, status: "gone" }));
  const timer: RoundEffect = { type: "startTimer", timer: graceTimer(event.index), ms };
  return [withMember(absent, { ...member, away: true }), [timer]];
}

/** A client did not come back in time. */
export function graceOver(_rules: RoundRules, state: RoundState, index: number): Step {
  const member = memberOf(state, index);
  if (member?.away !== true || !isAtWork(member)) return stay(state);
  return stay(withMember(state, { ...member, status: "gone", away: false }));
}

/** A client confirmed its order; one that cannot start from where the order does gets another one. */
export function taken(_rules: RoundRules, state: RoundState, event: EventOf<"taken">): Step {
  const { index, round, holds, from } = event;
  const member = memberOf(state, index);
  const participant = state.participants[index];
  if (member?.status !== "ordered" || member.ordered !== round || participant === undefined)
    return stay(state);
  if (from === null || holds === from)
    return stay(withMember(state, { ...member, status: "training" }));
  const known = withParticipant(state, { ...participant, holds });
  if (state.phase !== "collecting" || round !== state.round)
    return stay(withoutMember(known, index));
  return [known, [{ type: "order", index, round, attempt: state.attempt }]];
}

/** A client can't or won't: it is asked again in the next round. */
export function declined(_rules: RoundRules, state: RoundState, event: EventOf<"declined">): Step {
  const member = memberOf(state, event.index);
  if (member?.ordered !== event.round || !isAtWork(member)) return stay(state);
  return stay(withMember(state, { ...member, status: "declined" }));
}

/**
 * An update came: it is kept for the buffer that has room for it, or refused with a code. It need not be of the client's
 * last order: that one may not have reached it yet, and the order that it followed may be of an earlier process. Of a
 * client that has not joined this process nothing is said.
 */
export function arrived(rules: RoundRules, state: RoundState, event: EventOf<"arrived">): Step {
  const { index, round, hash, problem } = event;
  if (wasAccepted(state, event)) return [state, [{ type: "accept", index, round, hash }]];
  const member = memberOf(state, index);
  if (member?.hash === hash || state.participants[index] === undefined) return stay(state);
  const reason = refusal(rules, state, event);
  const { attempt } = state;
  const refuse = (code: ErrorCode): RoundEffect => ({
    ...{ type: "refuse", index, round, attempt },
    ...{ hash, code },
  });
  if (reason !== null) return [state, [refuse(reason)]];
  const stop: RoundEffect[] =
    member?.away === true ? [{ type: "stopTimer", timer: graceTimer(index) }] : [];
  const working = workingMember(index, round);
  if (problem !== null)
    return [withMembers(state, [{ ...working, status: "refused" }]), [...stop, refuse(problem)]];
  return [withMembers(state, [{ ...working, hash }]), stop];
}

function refusal(
  { policy }: RoundRules,
  state: RoundState,
  { index, round }: EventOf<"arrived">,
): ErrorCode | null {
  if (round > state.round) return "wrong-round";
  if (!isInTime(state, policy, round)) return "late-update";
  const { hash = null, status } = memberOf(state, index) ?? {};
  return hash !== null || status === "refused" ? "update-conflict" : null;
}

/** An update is safe in the store: acknowledge it. */
export function stored(_rules: RoundRules, state: RoundState, event: EventOf<"stored">): Step {
  const { index, round, attempt, hash, outcome } = event;
  const member = memberOf(state, index);
  const isWaitedFor =
    state.phase === "collecting" && round === state.round && attempt === state.attempt;
  if (!isWaitedFor || member?.status !== "storing") return stay(state);
  const { ordered = round } = member;
  if (outcome === "conflict" || outcome === "closed") {
    const code = outcome === "conflict" ? "update-conflict" : "late-update";
    const refuse: RoundEffect = {
      ...{ type: "refuse", index, round: ordered, attempt },
      ...{ hash, code },
    };
    return [withMember(state, { ...member, status: "refused" }), [refuse]];
  }
  const participant = state.participants[index];
  const holding =
    participant === undefined
      ? state
      : withParticipant(state, { ...participant, holds: ordered - 1 });
  const accepted = withMember(holding, { ...member, status: "accepted" });
  return [accepted, [{ type: "accept", index, round: ordered, hash }]];
}

/** A buffer has no deadline for single uploads: what comes later goes into the next one. */
export function uploading(state: RoundState): Step {
  return stay(state);
}

/** A member that works on the order of a round. */
function workingMember(index: number, ordered: number): Member {
  return { index, status: "training", away: false, uploading: false, hash: null, ordered };
}

function withoutMember(state: RoundState, index: number): RoundState {
  const cohort = state.cohort.filter((member) => member.index !== index);
  return cohort.length === state.cohort.length
    ? state
    : withMembers({ ...state, cohort: [] }, cohort);
}

function graceTimer(index: number): TimerName {
  return `grace-${index}` as TimerName;
}
