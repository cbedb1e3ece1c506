/** The pure transition function of the round engine: no clock, socket, disk or dice of its own. */
import { FedtuneError } from "../errors.ts";
import type { RoundRules } from "./attempt.ts";
import { aggregationFailed, deadline, fail, finish, nextRound, tryOpen, wait } from "./attempt.ts";
import { arrived, declined, graceOver, joined, left, stored, taken } from "./members.ts";
import { stay } from "./state.ts";
import type { Step } from "./state.ts";
import type { RoundEvent, RoundState, TimerName } from "./types.ts";

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
  switch (event.type) {
    case "start":
      return start(rules, state);
    case "joined":
      return joined(rules, state, event);
    case "left":
      return left(rules, state, event);
    case "taken":
      return taken(rules, state, event);
    case "declined":
      return declined(rules, state, event);
    case "arrived":
      return arrived(rules, state, event);
    case "stored":
      return stored(rules, state, event);
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
      return state.phase === "evaluating" ? nextRound(rules, state) : stay(state);
    case "pause":
      return stay({ ...state, paused: true });
    case "resume":
      return tryOpen(rules, { ...state, paused: false });
    case "stop":
      return stop(state);
    case "broken":
      return fail(state, event.code, event.message);
    default:
      throw new FedtuneError(
        "internal",
        `Cannot step on event ${JSON.stringify(event satisfies never)}`,
      );
  }
}

function start(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "idle") return stay(state);
  if (rules.evaluateEvery === 0 || state.round > 0) return nextRound(rules, state);
  if (rules.evaluatedBy === "clients") return wait(rules, { ...state, phase: "waiting" });
  return [{ ...state, phase: "evaluating" }, [{ type: "evaluate", round: 0 }]];
}

function committed(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "committing") return stay(state);
  const { round } = state;
  const publish = { type: "publish", round } as const;
  const last = round >= rules.policy.numRounds;
  if (rules.evaluateEvery > 0 && (last || round % rules.evaluateEvery === 0)) {
    return [{ ...state, phase: "evaluating" }, [publish, { type: "evaluate", round }]];
  }
  const [next, effects] = nextRound(rules, state);
  return [next, [publish, ...effects]];
}

function timer(rules: RoundRules, state: RoundState, name: TimerName): Step {
  if (name === "round") return deadline(rules, state);
  if (name === "wait") return waitedTooLong(rules, state);
  return graceOver(rules, state, Number(name.slice("grace-".length)));
}

function waitedTooLong(rules: RoundRules, state: RoundState): Step {
  if (state.phase !== "waiting" || state.paused) return stay(state);
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

/** After the end updates are still answered, so that no client waits. */
function afterEnd(state: RoundState, event: RoundEvent): Step {
  if (event.type !== "arrived" && event.type !== "stored") return stay(state);
  const { index, round, hash } = event;
  return [state, [{ type: "refuse", index, round, hash, code: "late-update" }]];
}
