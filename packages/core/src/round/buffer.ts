/**
 * Buffered-asynchronous rounds, after FedBuff (Nguyen et al. 2022, arXiv 2106.06639, algorithm 1): clients always have an
 * order, and a round closes when its buffer is full, whoever filled it. A client that has delivered waits for the next
 * round, since a second order from the same adapter would only repeat its update; clients that train go on over any
 * number of rounds, up to the limit of staleness.
 */
import type { RoundRules } from "./attempt.ts";
import { closeWith, tryAgain } from "./attempt.ts";
import { isAtWork } from "./buffered-members.ts";
import { chain, isHeld, presentIndices, stay, withMember, withMembers } from "./state.ts";
import type { Step } from "./state.ts";
import type { Member, RoundEffect, RoundState } from "./types.ts";

/** Brings a buffered run forward as far as it goes by itself; called after every event. */
export function flow(rules: RoundRules, state: RoundState): Step {
  if (state.phase === "waiting") {
    const opened = open(rules, state);
    return opened === null ? stay(state) : chain(opened, (open) => fill(rules, open));
  }
  return state.phase === "collecting" ? fill(rules, state) : stay(state);
}

/** The deadline: what is there is taken if it makes the quorum; what is being stored is waited for. */
export function bufferDeadline(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "collecting") return stay(state);
  const { round, attempt, counts } = state;
  if (counts.storing > 0) {
    const ms = Math.max(1, rules.policy.uploadGraceMs);
    return [{ ...state, inGrace: true }, [{ type: "startTimer", timer: "round", ms }]];
  }
  if (counts.accepted >= quorum(rules)) return close(state);
  const message =
    `Cannot finish round ${round}: ${counts.accepted} accepted updates after ` +
    `${attempt} attempts, wanted ${quorum(rules)}`;
  const failure = { code: "quorum-missed", message } as const;
  return tryAgain(rules, state, { code: "timeout", failure });
}

/** Opens the round when enough clients are there; who works goes on, what an earlier attempt accepted counts. */
function open({ policy }: RoundRules, state: RoundState): Step | null {
  const isReady = !state.paused && !state.owesEvaluation;
  if (!isReady || state.presentCount < policy.minAvailableClients) return null;
  const { round, attempt } = state;
  const accepted = state.stored.map(({ index, hash }): Member => ({
    ...{ index, status: "accepted", away: false, uploading: false },
    ...{ hash, ordered: round },
  }));
  const target = policy.buffer.size ?? policy.minFitClients;
  const begun = withMembers({ ...state, phase: "collecting", target, inGrace: false }, accepted);
  const indices = new Set([...presentIndices(begun), ...begun.cohort.map(({ index }) => index)]);
  const cohort = [...indices].sort((a, b) => a - b);
  const effects: RoundEffect[] = [
    { type: "stopTimer", timer: "wait" },
    { type: "open", round, attempt, cohort, target },
    { type: "startTimer", timer: "round", ms: policy.roundTimeoutMs },
  ];
  return chain([begun, effects], (opened) => callOffStale(policy.buffer.maxStaleness, opened));
}

/** Who works on what would be refused is told so, and is free for another order. */
function callOffStale(limit: number, state: RoundState): Step {
  const stale = state.cohort.filter(
    (member) => (isAtWork(member) || isHeld(member)) && state.round - orderOf(member) > limit,
  );
  if (stale.length === 0) return stay(state);
  const effects = stale.flatMap((member): RoundEffect[] => {
    const { index, hash, away } = member;
    const round = orderOf(member);
    const { attempt } = state;
    const stop: RoundEffect[] = away ? [{ type: "stopTimer", timer: `grace-${index}` }] : [];
    const told: RoundEffect =
      hash === null
        ? { type: "cancel", index, round, code: "late-update" }
        : { type: "refuse", index, round, attempt, hash, code: "late-update" };
    return [...stop, told];
  });
  const others = state.cohort.filter((member) => !stale.includes(member));
  return [withMembers({ ...state, cohort: [] }, others), effects];
}

/** Takes what is held while there is room, closes the round when it is full, and gives orders to who is free. */
function fill(rules: RoundRules, state: RoundState): Step {
  const { accepted, storing } = state.counts;
  const room = Math.max(0, state.target - accepted - storing);
  const next = state.cohort
    .filter(isHeld)
    .sort((a, b) => orderOf(a) - orderOf(b) || a.index - b.index)
    .slice(0, room);
  return chain(
    chain([state, []], (before) => store(before, next)),
    (filled) => {
      const { counts, target } = filled;
      if (counts.accepted >= target && counts.storing === 0) return close(filled);
      return chain(giveOrders(rules, filled), (given) => {
        const { ordered, training, storing: open } = given.counts;
        const isIdle = ordered + training + open === 0;
        // Fewer clients than a round begins with: others may be on their way, and the deadline ends the wait for them.
        const areAll = given.presentCount >= rules.policy.minAvailableClients;
        const isOver = isIdle && areAll && given.counts.accepted >= quorum(rules);
        return isOver ? close(given) : stay(given);
      });
    },
  );
}

function store(state: RoundState, members: readonly Member[]): Step {
  const { round, attempt } = state;
  let next = state;
  for (const member of members) next = withMember(next, { ...member, status: "storing" });
  const effects = members.flatMap(({ index, hash }): RoundEffect[] =>
    hash === null ? [] : [{ type: "store", index, round, attempt, hash }],
  );
  return [next, effects];
}

/** Orders for present clients that have none, drawn from the run's stream where there are more than may work at once. */
function giveOrders({ policy, rng }: RoundRules, state: RoundState): Step {
  const { round, attempt, cohort } = state;
  const busy = new Set(cohort.map(({ index }) => index));
  const free = presentIndices(state).filter((index) => !busy.has(index));
  const limit = policy.buffer.concurrency ?? Infinity;
  const room = Math.max(0, limit - cohort.filter(isAtWork).length);
  const drawn =
    free.length <= room
      ? free
      : rng
          .fork(`round/${round}/attempt/${attempt}/orders/${cohort.length}`)
          .shuffle(free)
          .slice(0, room);
  if (drawn.length === 0) return stay(state);
  const members = drawn.map((index): Member => ({
    ...{ index, status: "ordered", away: false, uploading: false },
    ...{ hash: null, ordered: round },
  }));
  const orders = [...drawn]
    .sort((a, b) => a - b)
    .map((index): RoundEffect => ({ type: "order", index, round, attempt }));
  return [withMembers(state, members), orders];
}

function close(state: RoundState): Step {
  return closeWith(state, [{ type: "stopTimer", timer: "round" }]);
}

/** Accepted updates without which a round does not close. */
function quorum({ policy }: RoundRules): number {
  return Math.min(policy.minFitClients, policy.buffer.size ?? policy.minFitClients);
}

function orderOf({ ordered = 0 }: Member): number {
  return ordered;
}
