/** The pure transition function of the round engine: no clock, socket, disk or dice of its own. */
import { FedtuneError } from "../errors.ts";
import type { RoundRules } from "./attempt.ts";
import {
  aggregationFailed,
  deadline,
  fail,
  finish,
  isExpecting,
  nextRound,
  wait,
} from "./attempt.ts";
import { betterOf, isEvaluated, isStale } from "./early-stopping.ts";
import { hasLostRun, isLoss } from "./loss.ts";
import { bufferDeadline, flow } from "./buffer.ts";
import * as buffered from "./buffered-members.ts";
import * as synchronous from "./members.ts";
import { chain, stay } from "./state.ts";
import type { Step } from "./state.ts";
import { takeUp } from "./take-up.ts";
import type { RoundEffect, RoundEvent, RoundState, TimerName } from "./types.ts";
import type { Metrics } from "../metrics.ts";

/** True once nothing can happen any more. */
export function hasEnded(state: RoundState): boolean {
  return state.phase === "completed" || state.phase === "failed" || state.phase === "stopped";
}

/**
 * Takes one event to the next state and the effects it asks for.
 *
 * Depends on its arguments alone; `state` is not changed. Events that no longer fit the state change nothing.
 */
export function step(rules: RoundRules, state: RoundState, event: RoundEvent): Step {
  if (hasEnded(state)) return afterEnd(state, event);
  const next = transition(rules, state, event);
  return rules.policy.mode === "buffered" ? chain(next, (after) => flow(rules, after)) : next;
}

function transition(rules: RoundRules, state: RoundState, event: RoundEvent): Step {
  const of = rules.policy.mode === "buffered" ? buffered : synchronous;
  switch (event.type) {
    case "start":
      return start(rules, state);
    case "joined":
      return of.joined(rules, state, event);
    case "left":
      return of.left(rules, state, event);
    case "taken":
      return of.taken(rules, state, event);
    case "declined":
      return of.declined(rules, state, event);
    case "arrived":
      return of.arrived(rules, state, event);
    case "stored":
      return of.stored(rules, state, event);
    case "uploading":
      return of.uploading(state, event);
    case "timer":
      return timer(rules, state, event.timer);
    case "aggregated":
      return state.phase === "aggregating"
        ? [{ ...state, phase: "committing" }, [{ type: "commit", round: state.round }]]
        : stay(state);
    case "aggregationFailed":
      return aggregationFailed(rules, state, event);
    case "committed":
      return committed(rules, state);
    case "evaluated":
      return evaluated(rules, state, event.metrics);
    case "pause":
      return pause(state);
    case "resume":
      return resume(rules, state);
    case "stop":
      return stop(state);
    case "broken":
      return fail(state, event.code, event.message);
    case "endLost":
      return stay(state);
    default:
      throw new FedtuneError(
        "internal",
        `Cannot step on event ${JSON.stringify(event satisfies never)}`,
      );
  }
}

function start(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "idle") return stay(state);
  if (state.left !== null) return takeUp(rules, state, state.left);
  if (!state.owesEvaluation || !isEvaluated(rules, state.round)) return goOn(rules, state);
  if (rules.evaluatedBy === "clients") return wait(rules, { ...state, phase: "waiting" });
  return evaluate(state);
}

/** Clients that evaluate must be there: right after a restart they are not yet. */
function evaluateOrWait(rules: RoundRules, state: RoundState): Step {
  return rules.evaluatedBy === "clients" && isExpecting(state)
    ? wait(rules, { ...state, phase: "waiting", owesEvaluation: true })
    : evaluate(state);
}

function evaluate(state: RoundState): Step {
  const evaluating = { ...state, phase: "evaluating", owesEvaluation: false } as const;
  return [evaluating, [{ type: "evaluate", round: state.round }]];
}

function evaluated(rules: RoundRules, state: RoundState, metrics: Metrics | null): Step {
  if (state.phase !== "evaluating") return stay(state);
  const best = betterOf(state.best, { round: state.round, metrics }, rules.stopping);
  return goOn(rules, { ...state, best });
}

/** The next round, unless there is no hope of a better one. */
function goOn(rules: RoundRules, state: RoundState): Step {
  return isStale(state.best, rules.stopping) ? finish(state, "completed") : nextRound(rules, state);
}

/** Pausing holds the next attempt back; the one at hand goes on. */
function pause(state: RoundState): Step {
  if (state.paused) return stay(state);
  const effects: RoundEffect[] = [{ type: "savePaused", paused: true }];
  if (state.phase === "waiting") effects.push({ type: "stopTimer", timer: "wait" });
  return [{ ...state, paused: true }, effects];
}

/** The wait for clients begins anew: while the run was paused nobody had to be there. */
function resume(rules: RoundRules, state: RoundState): Step {
  if (!state.paused) return stay(state);
  const save: RoundEffect = { type: "savePaused", paused: false };
  return chain([{ ...state, paused: false }, [save]], (resumed) =>
    resumed.phase === "waiting" ? wait(rules, resumed) : stay(resumed),
  );
}

function committed(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "committing") return stay(state);
  const { round } = state;
  const publish = { type: "publish", round } as const;
  if (isEvaluated(rules, round) && !state.stopping) {
    return chain([state, [publish]], (published) => evaluateOrWait(rules, published));
  }
  return chain([state, [publish]], (published) => nextRound(rules, published));
}

function timer(rules: RoundRules, state: RoundState, name: TimerName): Step {
  const isBuffered = rules.policy.mode === "buffered";
  if (name === "round") return (isBuffered ? bufferDeadline : deadline)(rules, state);
  if (name === "wait") return waitedTooLong(rules, state);
  const index = Number(name.slice("grace-".length));
  return isBuffered
    ? buffered.graceOver(rules, state, index)
    : synchronous.graceOver(rules, state, index);
}

function waitedTooLong(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "waiting" || state.paused) return stay(state);
  // A finished round is evaluated by whoever is there, or by nobody: the run goes on.
  if (state.owesEvaluation && state.round > 0)
    return state.presentCount > 0 ? evaluate(state) : nextRound(rules, state);
  const message =
    `Cannot start round ${Math.max(1, state.round)}: ${state.presentCount} clients after ` +
    `${rules.policy.waitTimeoutMs} ms, wanted ${rules.policy.minAvailableClients}`;
  return fail(state, "not-enough-clients", message);
}

function stop(state: RoundState): Step {
  const stopping = { ...state, stopping: true };
  const interruptible =
    state.phase === "idle" || state.phase === "waiting" || state.phase === "collecting";
  return interruptible ? finish(stopping, "stopped") : stay(stopping);
}

/** After the end updates are still answered, so that no client waits; not where another coordinator goes on. */
function afterEnd(state: RoundState, event: RoundEvent): Step {
  if (hasLostRun(state)) return stay(state);
  if (event.type === "endLost") {
    const code = isLoss(event.code) ? event.code : "storage-failed";
    return finish({ ...state, failure: { code, message: event.message } }, "failed");
  }
  if (event.type !== "arrived" && event.type !== "stored") return stay(state);
  if (event.type === "arrived" && synchronous.wasAccepted(state, event)) {
    const { index, round, hash } = event;
    return [state, [{ type: "accept", index, round, hash }]];
  }
  const { index, round, hash } = event;
  const { attempt } = state;
  return [state, [{ type: "refuse", index, round, attempt, hash, code: "late-update" }]];
}
