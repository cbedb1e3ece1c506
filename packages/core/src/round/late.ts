/**
 * Clients that are late: still at work on the order of a round that has closed, where the round after it takes what they
 * deliver (`rounds.lateUpdates` `next-round`). Whoever was late counts once in that round: a member of its cohort answers it
 * with the late update, anybody else's comes on top, and the round waits for nobody because of it.
 */
import type { RoundRules } from "./attempt.ts";
import { chain, isHeld, isOutstanding, memberOf, stay, withMember } from "./state.ts";
import type { Step } from "./state.ts";
import type { Member, RoundEffect, RoundState } from "./types.ts";

/** Whether who has not delivered when the round at hand closes may do so while the next one is collected. */
export function keepsLate({ policy }: RoundRules, { round, stopping }: RoundState): boolean {
  return policy.lateUpdates === "next-round" && round < policy.numRounds && !stopping;
}

/** The late client of that index and round, or undefined. */
export function lateOf(
  { late }: Pick<RoundState, "late">,
  index: number,
  round: number,
): Member | undefined {
  return late.find((member) => member.index === index && member.ordered === round);
}

/** Clients beside the cohort that are late with the round before, whether they have delivered or not. */
export function lateBeside(state: RoundState): readonly Member[] {
  const { late, round } = state;
  return late.filter(
    ({ index, ordered }) => ordered === round - 1 && memberOf(state, index) === undefined,
  );
}

/** Puts late clients in the places of those of the same index and round. */
export function withLate(state: RoundState, late: readonly Member[]): RoundState {
  const all = [...state.late, ...late].map(
    (one) => [`${one.index}/${one.ordered ?? 0}`, one] as const,
  );
  return { ...state, late: [...new Map(all).values()].sort((a, b) => a.index - b.index) };
}

/** The round closes: who has not delivered goes on, and what is being stored for it is held for the next one. */
export function withStragglers(rules: RoundRules, state: RoundState): RoundState {
  if (!keepsLate(rules, state)) return state;
  const { round, cohort } = state;
  const late = cohort
    .filter((member) => isOutstanding(member) || member.status === "gone")
    .map(({ index, hash, ordered }): Member => ({
      ...{ index, status: "training", away: false, uploading: false },
      ...{ hash: ordered === round ? hash : null, ordered: round },
    }));
  return withLate(state, late);
}

/** Who is late is told when it is too late for the round that closes as well. */
export function callOffLate(state: RoundState): RoundEffect[] {
  const { round, late } = state;
  return late
    .filter(({ index, status, ordered }) => {
      const hasAnswered = memberOf(state, index)?.ordered === ordered;
      return status === "training" && ordered === round - 1 && !hasAnswered;
    })
    .map(({ index, ordered = 0 }) => {
      const code = "late-update";
      return { type: "cancel", index, round: ordered, code };
    });
}

/** An attempt is given up: what counted in it and came late counts in the next one, whoever is drawn. */
export function withLateOf(state: RoundState): RoundState {
  const { cohort, late, round } = state;
  const answered = cohort.filter(({ ordered, hash }) => ordered === round - 1 && hash !== null);
  const kept = [...late, ...answered].map((member): Member => ({
    ...{ ...member, away: false, uploading: false },
    status: member.status === "storing" ? "training" : member.status,
  }));
  return withLate(state, kept);
}

/** A round has opened: what is held for it is stored first. */
export function takeHeld(state: RoundState): Step {
  const { round, attempt } = state;
  return state.late
    .filter((member) => isHeld(member) && member.ordered === round - 1)
    .reduce<Step>((before, held) => {
      const { index, hash } = held;
      if (hash === null) return before;
      const store: RoundEffect = { type: "store", index, round, attempt, hash };
      return chain(before, (after) => [placed(after, { ...held, status: "storing" }), [store]]);
    }, stay(state));
}

/** Puts the sender of an update in its place: in the cohort if it is drawn, else among the late. */
export function placed(state: RoundState, sender: Member): RoundState {
  const { index, ordered = state.round } = sender;
  const isLate =
    ordered === state.round
      ? lateOf(state, index, ordered) !== undefined
      : memberOf(state, index) === undefined;
  return isLate ? withLate(state, [sender]) : withMember(state, sender);
}

/** A member of the cohort that has no late update to bring any more gets the order of the round at hand, which it put off. */
export function orderAgain(
  { policy }: RoundRules,
  state: RoundState,
  index: number,
): RoundEffect[] {
  const { round, attempt, phase } = state;
  const putsOff = policy.lateUpdates === "next-round" && phase === "collecting";
  const member = putsOff ? memberOf(state, index) : undefined;
  const isFree = member?.status === "ordered" || member?.status === "training";
  return isFree ? [{ type: "order", index, round, attempt }] : [];
}
