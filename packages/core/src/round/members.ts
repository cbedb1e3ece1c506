/** What clients do during a round: join, leave, take orders, decline, deliver. */
import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { RoundRules } from "./attempt.ts";
import { settle, tryOpen } from "./attempt.ts";
import { lateOf, orderAgain, placed, withLate } from "./late.ts";
import { isInTime } from "./staleness.ts";
import {
  chain,
  isHeld,
  isOutstanding,
  memberOf,
  stay,
  withMember,
  withParticipant,
} from "./state.ts";
import type { Step } from "./state.ts";
import type { Member, RoundEffect, RoundEvent, RoundState, TimerName } from "./types.ts";

type EventOf<Type extends RoundEvent["type"]> = Extract<RoundEvent, { type: Type }>;

/** A client is there and ready; an order that it has not delivered is sent again. */
export function joined(rules: RoundRules, state: RoundState, event: EventOf<"joined">): Step {
  const { index, rank, holds } = event;
  const present = withParticipant(state, { index, rank, holds, present: true });
  const member = present.phase === "collecting" ? memberOf(present, index) : undefined;
  if (member === undefined) return tryOpen(rules, present);
  if (member.status !== "ordered" && member.status !== "training" && member.status !== "gone")
    return stay(present);
  const effects: RoundEffect[] = member.away
    ? [{ type: "stopTimer", timer: graceTimer(index) }]
    : [];
  effects.push({ type: "order", index, round: present.round, attempt: present.attempt });
  return [withMember(present, { ...member, status: "ordered", away: false }), effects];
}

/** A connection ended; the member has the grace time to come back before it counts as gone. */
export function left(rules: RoundRules, state: RoundState, event: EventOf<"left">): Step {
  const participant = state.participants[event.index];
  if (participant?.present !== true) return stay(state);
  const absent = withParticipant(state, { ...participant, present: false });
  const member = absent.phase === "collecting" ? memberOf(absent, event.index) : undefined;
  if (member === undefined || !isOutstanding(member) || member.status === "storing")
    return stay(absent);
  const grace = rules.policy.reconnectGraceMs;
  if (event.forGood || grace === 0) return gone(rules, absent, member);
  const timer: RoundEffect = { type: "startTimer", timer: graceTimer(event.index), ms: grace };
  return [withMember(absent, { ...member, away: true }), [timer]];
}

/** A client did not come back in time. */
export function graceOver(rules: RoundRules, state: RoundState, index: number): Step {
  const member = state.phase === "collecting" ? memberOf(state, index) : undefined;
  if (member?.away !== true || !isOutstanding(member)) return stay(state);
  return gone(rules, state, member);
}

function gone(rules: RoundRules, state: RoundState, member: Member): Step {
  return settle(rules, withMember(state, { ...member, status: "gone", away: false }));
}

/** A client confirmed its order; when it holds another adapter than the order assumed, it gets the order anew. */
export function taken(_rules: RoundRules, state: RoundState, event: EventOf<"taken">): Step {
  const { index, round, attempt, holds, from } = event;
  const member = current(state, event);
  const participant = state.participants[index];
  if (member?.status !== "ordered" || participant === undefined) return stay(state);
  if (from !== null && holds !== from) {
    return [
      withParticipant(state, { ...participant, holds }),
      [{ type: "order", index, round, attempt }],
    ];
  }
  return stay(withMember(state, { ...member, status: "training" }));
}

/** A client can't or won't do this round; who can't bring what it was late with is free for the round at hand. */
export function declined(rules: RoundRules, state: RoundState, event: EventOf<"declined">): Step {
  const { index, round } = event;
  const late = round < state.round ? lateOf(state, index, round) : undefined;
  if (late?.status === "training" && !isHeld(late))
    return [withLate(state, [{ ...late, status: "declined" }]), orderAgain(rules, state, index)];
  const member = current(state, event);
  if (member === undefined || (member.status !== "ordered" && member.status !== "training"))
    return stay(state);
  return settle(rules, withMember(state, { ...member, status: "declined" }));
}

function current(
  state: RoundState,
  event: { index: number; round: number; attempt: number },
): Member | undefined {
  const matches =
    state.phase === "collecting" && event.round === state.round && event.attempt === state.attempt;
  return matches ? memberOf(state, event.index) : undefined;
}

/**
 * An update came: it is stored before it is acknowledged, held for the round that opens next where that takes late ones, or
 * refused with a code.
 */
export function arrived(rules: RoundRules, state: RoundState, event: EventOf<"arrived">): Step {
  const { index, round, hash, problem } = event;
  const { attempt } = state;
  if (wasAccepted(state, event)) return [state, [{ type: "accept", index, round, hash }]];
  const sender = senderOf(state, event);
  if (sender?.hash === hash && (sender.status === "storing" || isHeld(sender))) return stay(state);
  // Between two attempts at its round nobody knows yet whether it is wanted: its client keeps it.
  if (round === state.round && state.phase === "waiting") return stay(state);
  const reason = refusal(rules, state, { event, sender });
  const refuse = (code: ErrorCode): RoundEffect => ({
    ...{ type: "refuse", index, round, attempt },
    ...{ hash, code },
  });
  if (reason !== null)
    return [
      state,
      [refuse(reason), ...(round < state.round ? orderAgain(rules, state, index) : [])],
    ];
  if (sender === undefined) return stay(state);
  const stop: RoundEffect[] = sender.away ? [{ type: "stopTimer", timer: graceTimer(index) }] : [];
  const back: Member = { ...sender, away: false, ordered: round };
  if (problem !== null) {
    const refused = placed(state, { ...back, status: "refused" });
    return chain([refused, [...stop, refuse(problem)]], (after) => settle(rules, after));
  }
  if (state.phase !== "collecting")
    return stay(placed(state, { ...back, status: "training", hash }));
  const storing = placed(state, { ...back, status: "storing", hash });
  return [storing, [...stop, { type: "store", index, round: state.round, attempt, hash }]];
}

/** Whom an update of that round can be from: a member of the cohort at hand, or a client that is late. */
function senderOf(
  state: RoundState,
  { index, round }: { readonly index: number; readonly round: number },
): Member | undefined {
  const late = lateOf(state, index, round);
  if (round === state.round) return late ?? memberOf(state, index);
  return late === undefined ? undefined : (memberOf(state, index) ?? late);
}

/** Whether this or an earlier attempt at the round at hand has accepted the update. */
export function wasAccepted(
  state: RoundState,
  { index, hash }: { readonly index: number; readonly hash: Digest },
): boolean {
  const member = memberOf(state, index);
  if (member?.status === "accepted" && member.hash === hash) return true;
  const isIt = (update: Pick<Member, "index" | "hash">): boolean =>
    update.index === index && update.hash === hash;
  return (
    state.stored.some(isIt) || state.late.some((late) => late.status === "accepted" && isIt(late))
  );
}

function refusal(
  { policy }: RoundRules,
  state: RoundState,
  { event, sender }: { readonly event: EventOf<"arrived">; readonly sender: Member | undefined },
): ErrorCode | null {
  const { round } = event;
  if (round > state.round) return "wrong-round";
  if (!isInTime(state, policy, round)) return "late-update";
  if (sender === undefined)
    return round === state.round && state.phase === "collecting" ? "not-selected" : "late-update";
  const decided =
    sender.status === "accepted" || sender.status === "storing" || sender.status === "refused";
  return decided || isHeld(sender) ? "update-conflict" : null;
}

/**
 * An update is safe in the store: acknowledge it, unless the round closed meanwhile. What an attempt that was given up
 * had not yet stored, or a round that closed and whose late updates the next one takes, is dropped without a word: its
 * client keeps it, and a later attempt or round takes it.
 */
export function stored(rules: RoundRules, state: RoundState, event: EventOf<"stored">): Step {
  const { index, round, attempt, hash, outcome } = event;
  if (round === state.round && attempt < state.attempt) return stay(state);
  if (lateOf(state, index, round)?.hash === hash) return stay(state);
  const sender = round === state.round ? storingOf(state, event) : undefined;
  const { ordered = round } = sender ?? {};
  const refuse = (code: ErrorCode): RoundEffect => ({
    ...{ type: "refuse", index, round: ordered, attempt },
    ...{ hash, code },
  });
  if (state.phase !== "collecting" || sender === undefined) return [state, [refuse("late-update")]];
  if (outcome === "conflict" || outcome === "closed") {
    const refused = placed(state, { ...sender, status: "refused" });
    const code = outcome === "conflict" ? "update-conflict" : "late-update";
    return chain([refused, [refuse(code)]], (after) => settle(rules, after));
  }
  const participant = state.participants[index];
  const holding =
    participant === undefined
      ? state
      : withParticipant(state, { ...participant, holds: ordered - 1 });
  const accepted = placed(holding, { ...sender, status: "accepted" });
  return chain([accepted, [{ type: "accept", index, round: ordered, hash }]], (after) =>
    settle(rules, after),
  );
}

/** Whose update is being stored for the round at hand. */
function storingOf(state: RoundState, { index, hash }: EventOf<"stored">): Member | undefined {
  return [memberOf(state, index), lateOf(state, index, state.round - 1)].find(
    (sender) => sender?.status === "storing" && sender.hash === hash,
  );
}

/** A client began to upload: if the deadline comes meanwhile, it is given the upload grace. */
export function uploading(state: RoundState, event: EventOf<"uploading">): Step {
  const member =
    state.phase === "collecting" && !state.inGrace && senderOf(state, event) !== undefined
      ? memberOf(state, event.index)
      : undefined;
  if (member?.status !== "ordered" && member?.status !== "training") return stay(state);
  return stay(withMember(state, { ...member, uploading: true }));
}

function graceTimer(index: number): TimerName {
  return `grace-${index}` as TimerName;
}
