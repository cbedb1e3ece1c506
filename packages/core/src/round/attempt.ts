/** Opening, closing and abandoning one attempt at a round. */
import type { RoundPolicy } from "../config/rounds.ts";
import type { ErrorCode } from "../errors.ts";
import type { Rng } from "../rng.ts";
import type { StoppingRule } from "./early-stopping.ts";
import { callOffLate, keepsLate, lateOf, takeHeld, withLateOf, withStragglers } from "./late.ts";
import { hasLostRun } from "./loss.ts";
import { sampleCohort } from "./sampling.ts";
import { chain, isOutstanding, outstanding, presentIndices, stay, withCohort } from "./state.ts";
import type { Step } from "./state.ts";
import type { Member, RoundEffect, RoundState } from "./types.ts";

/** What the engine needs to know of its run. */
export interface RoundRules {
  readonly policy: RoundPolicy;
  /** Evaluation after every so many rounds and before the first; 0: never. */
  readonly evaluateEvery: number;
  /** Who evaluates: clients must be there before they can, also before the first round. */
  readonly evaluatedBy: "coordinator" | "clients";
  /** When the run ends before its last round; null: never. */
  readonly stopping: StoppingRule | null;
  /** The run's stream; the engine only forks it, by round and attempt. */
  readonly rng: Rng;
}

/** Goes on to the next round, or ends the run. */
export function nextRound(rules: RoundRules, state: RoundState): Step {
  if (state.stopping) return finish(state, "stopped");
  if (state.round >= rules.policy.numRounds) return finish(state, "completed");
  const waiting: RoundState = {
    ...withCohort(state, atWork(rules, state), 0),
    phase: "waiting",
    owesEvaluation: false,
    round: state.round + 1,
    attempt: 1,
    stored: [],
    late: state.late.filter(({ ordered }) => ordered === state.round),
    left: null,
  };
  return wait(rules, waiting);
}

/** Members that go on over the end of an attempt: in buffered mode those that train, or whose update waits for room. */
function atWork({ policy }: RoundRules, { cohort }: RoundState): readonly Member[] {
  if (policy.mode !== "buffered") return [];
  return cohort.filter(({ status }) => status === "ordered" || status === "training");
}

/** Waits for enough clients, with a deadline unless the run is paused. */
export function wait(rules: RoundRules, state: RoundState): Step {
  if (state.paused) return stay(state);
  const timer: RoundEffect = { type: "startTimer", timer: "wait", ms: waitMs(rules.policy, state) };
  return chain([state, [timer]], (waiting) => tryOpen(rules, waiting));
}

/** Longest wait for clients: those of a round that was taken up have the restart grace to come back and evaluate it. */
export function waitMs(policy: RoundPolicy, state: RoundState): number {
  return state.owesEvaluation && state.cohort.length > 0
    ? policy.restartGraceMs
    : policy.waitTimeoutMs;
}

/** Whether members of the cohort have not been seen by this process yet: they are on their way back to it. */
export function isExpecting({ cohort, participants }: RoundState): boolean {
  return cohort.some(({ index }) => participants[index] === undefined);
}

/** Opens the attempt when enough clients are present; round 0 is not trained but evaluated. */
export function tryOpen(rules: RoundRules, state: RoundState): Step {
  const isBack = state.owesEvaluation && state.cohort.length > 0 && !isExpecting(state);
  const enough = isBack || state.presentCount >= rules.policy.minAvailableClients;
  if (state.phase !== "waiting" || state.paused || !enough) return stay(state);
  if (state.owesEvaluation) {
    const evaluate = { type: "evaluate", round: state.round } as const;
    const evaluating = { ...state, phase: "evaluating", owesEvaluation: false } as const;
    return [evaluating, [{ type: "stopTimer", timer: "wait" }, evaluate]];
  }
  if (rules.policy.mode === "buffered") return stay(state);
  const label = `round/${state.round}/attempt/${state.attempt}/cohort`;
  const sample = sampleCohort(presentIndices(state), rules.policy, rules.rng.fork(label));
  const cohort = sample.cohort.map((index) => firstStatus(state, index));
  const { target } = sample;
  const open = { ...withCohort(state, cohort, target), phase: "collecting" as const };
  const { round, attempt } = state;
  const effects: RoundEffect[] = [
    { type: "stopTimer", timer: "wait" },
    { type: "open", round, attempt, cohort: sample.cohort, target },
    { type: "startTimer", timer: "round", ms: rules.policy.roundTimeoutMs },
  ];
  return chain(chain([open, effects], takeHeld), (opened) =>
    chain([opened, ordersOf(opened)], (ordered) => settle(rules, ordered)),
  );
}

function ordersOf({ cohort, round, attempt }: RoundState): RoundEffect[] {
  return cohort
    .filter((member) => member.status === "ordered")
    .map(({ index }) => ({ type: "order", index, round, attempt }));
}

function firstStatus(state: RoundState, index: number): Member {
  const late = lateOf(state, index, state.round - 1);
  if (late?.status === "accepted") return late;
  const stored = state.stored.find((update) => update.index === index);
  return {
    index,
    status: stored ? "accepted" : "ordered",
    away: false,
    uploading: false,
    hash: stored?.hash ?? null,
  };
}

/** Accepted updates without which an attempt fails. */
function quorum(rules: RoundRules, state: RoundState): number {
  return Math.min(rules.policy.minFitClients, state.cohort.length);
}

/** Closes or abandons the attempt as soon as its outcome is certain; called after everything that can make it so. */
export function settle(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "collecting") return stay(state);
  const { accepted } = state.counts;
  const open = outstanding(state);
  const least = quorum(rules, state);
  if (accepted >= state.target || (open === 0 && accepted >= least)) return close(rules, state);
  if (accepted + open < least) return abandon(rules, state, "quorum-missed");
  return state.inGrace && onTheWire(state) === 0 ? ended(rules, state) : stay(state);
}

/** Members whose update is being uploaded or stored. */
function onTheWire({ cohort }: RoundState): number {
  return cohort.filter((member) => isOutstanding(member) && isOnTheWire(member)).length;
}

function isOnTheWire({ status, uploading }: Member): boolean {
  return status === "storing" || uploading;
}

/** The deadline: uploads under way get the upload grace, once; then what is there is taken if it makes the quorum. */
export function deadline(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "collecting") return stay(state);
  const ms = rules.policy.uploadGraceMs;
  if (state.inGrace || ms === 0 || onTheWire(state) === 0) return ended(rules, state);
  return [{ ...state, inGrace: true }, [{ type: "startTimer", timer: "round", ms }]];
}

function ended(rules: RoundRules, state: RoundState): Step {
  return state.counts.accepted >= Math.max(1, quorum(rules, state))
    ? close(rules, state)
    : abandon(rules, state, "timeout");
}

/** Who has not delivered is called off, unless the next round takes what is late. */
function close(rules: RoundRules, state: RoundState): Step {
  const stopped = keepsLate(rules, state)
    ? stopTimers(state)
    : stopCollecting(state, "late-update");
  const effects = [...stopped, ...callOffLate(state)];
  return chain(closeWith(state, effects), (closed) => stay(withStragglers(rules, closed)));
}

/** Freezes what was accepted, after the given effects, and has it aggregated. */
export function closeWith(state: RoundState, before: readonly RoundEffect[]): Step {
  const accepted = acceptedIndices(state);
  const { round, attempt } = state;
  const effects: RoundEffect[] = [
    ...before,
    { type: "close", round, attempt, accepted },
    { type: "aggregate", round, accepted, sampled: state.cohort.length },
  ];
  return [{ ...state, phase: "aggregating" }, effects];
}

function abandon(rules: RoundRules, state: RoundState, code: ErrorCode): Step {
  const { round, attempt } = state;
  const message =
    `Cannot finish round ${round}: ${state.counts.accepted} accepted updates after ` +
    `${attempt} attempts, wanted ${String(quorum(rules, state))}`;
  const failure = { code: "quorum-missed", message } as const;
  return chain([state, stopCollecting(state, code)], (stopped) =>
    tryAgain(rules, stopped, { code, failure }),
  );
}

/** The accepted updates cannot be aggregated: nothing changes, another cohort may do better. */
export function aggregationFailed(
  rules: RoundRules,
  state: RoundState,
  { code, message }: { readonly code: ErrorCode; readonly message: string },
): Step {
  if (state.phase !== "aggregating") return stay(state);
  const text = `Cannot finish round ${state.round} after ${state.attempt} attempts: ${message}`;
  return tryAgain(rules, state, { code, failure: { code, message: text } });
}

/** Why an attempt is given up. */
interface GivenUp {
  readonly code: ErrorCode;
  /** How the run ends when there is no further attempt. */
  readonly failure: { readonly code: ErrorCode; readonly message: string };
}

/** The next attempt at the round, or the end of the run when there were enough. */
export function tryAgain(rules: RoundRules, state: RoundState, { code, failure }: GivenUp): Step {
  const { round, attempt } = state;
  const { message } = failure;
  const accepted = acceptedIndices(state);
  const effects: RoundEffect[] = [{ type: "abandon", round, attempt, code, message, accepted }];
  if (state.stopping) return chain([state, effects], (stopping) => finish(stopping, "stopped"));
  if (attempt >= rules.policy.maxAttempts) {
    return chain([state, effects], (failed) => fail(failed, failure.code, failure.message));
  }
  const stored = [...state.stored, ...newlyStored(state)];
  const again: RoundState = {
    ...withCohort(state, atWork(rules, state), 0),
    phase: "waiting",
    attempt: attempt + 1,
    stored,
    late: withLateOf(state).late.filter(({ ordered }) => ordered === round - 1),
    left: null,
  };
  return chain([again, effects], (waiting) => wait(rules, waiting));
}

function newlyStored(state: RoundState): RoundState["stored"] {
  return state.cohort.flatMap(({ index, status, hash }) =>
    status === "accepted" && hash !== null && !state.stored.some((update) => update.index === index)
      ? [{ index, hash }]
      : [],
  );
}

/** Stops timers and calls off the orders of members that have not delivered. */
function stopCollecting(state: RoundState, code: ErrorCode): RoundEffect[] {
  const called = state.cohort
    .filter(isOutstanding)
    .map(({ index, ordered: round = state.round }): RoundEffect => ({
      ...{ type: "cancel", index, round, code },
    }));
  return [...stopTimers(state), ...called];
}

function stopTimers({ cohort }: RoundState): RoundEffect[] {
  const away = cohort.filter((member) => isOutstanding(member) && member.away);
  return [
    { type: "stopTimer", timer: "round" },
    ...away.map(({ index }): RoundEffect => ({ type: "stopTimer", timer: `grace-${index}` })),
  ];
}

/** Ends the run because of an error. */
export function fail(state: RoundState, code: ErrorCode, message: string): Step {
  return finish({ ...state, failure: { code, message } }, "failed");
}

/** Ends the run; an attempt at hand is given up, unless the run goes on elsewhere. */
export function finish(state: RoundState, status: "completed" | "failed" | "stopped"): Step {
  const effects: RoundEffect[] =
    state.phase === "collecting" && !hasLostRun(state) ? callOff(state) : [];
  if (state.phase === "waiting") effects.push({ type: "stopTimer", timer: "wait" });
  effects.push({ type: "finish", status });
  return [{ ...state, phase: status }, effects];
}

/** The attempt takes nothing more: what it had not accepted is dropped, also where it is stored already. */
function callOff(state: RoundState): RoundEffect[] {
  const { round, attempt, failure } = state;
  const { code, message } = failure ?? { code: "run-stopped", message: "The run was stopped" };
  const accepted = acceptedIndices(state);
  return [
    ...stopCollecting(state, "run-stopped"),
    { type: "abandon", round, attempt, code, message, accepted },
  ];
}

/** Whose updates make the round, ascending. */
function acceptedIndices({ cohort, late, round }: RoundState): number[] {
  const all = [...cohort, ...late.filter(({ ordered }) => ordered === round - 1)];
  const accepted = all.filter(({ status }) => status === "accepted").map(({ index }) => index);
  return [...new Set(accepted)].sort((a, b) => a - b);
}
