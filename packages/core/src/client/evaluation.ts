/** The part of a session that evaluates when the coordinator asks: training and delivering come first. */
import type { MessageOf } from "../protocol/messages.ts";
import { joinEffects, send, stops } from "./delivery.ts";
import type { Evaluated, SessionEffect, SessionState, SessionStep } from "./session-types.ts";

/**
 * Evaluates, or answers again what was asked before; a busy client stays silent and is asked again once it joins. What
 * failed is tried anew: the connection may have been the reason.
 */
export function asked(state: SessionState, request: MessageOf<"evaluate">): SessionStep {
  const { run, round } = request;
  const { activity, evaluation } = state;
  if (run !== state.run || (activity !== "idle" && activity !== "evaluating")) return [state, []];
  const isSame = evaluation?.round === round;
  const found = isSame ? evaluation.answer : null;
  if (found !== null && found.result !== null) return [state, [send(found)]];
  if (isSame && activity === "evaluating") return [state, []];
  const [free, before] = callOff(state);
  if (request.from !== null && request.from !== free.holds?.round)
    return [free, [...before, ...joinEffects(free)]];
  const evaluating: SessionState = {
    ...free,
    activity: "evaluating",
    evaluation: { round, answer: null },
  };
  return [evaluating, [...before, ...stops("heartbeat"), { type: "evaluate", request }]];
}

/** Answers; while the connection is lost the answer waits until the coordinator asks again. */
export function evaluated(state: SessionState, event: Evaluated): SessionStep {
  const holds = event.holds ?? state.holds;
  const { round, result, code } = event;
  if (state.activity !== "evaluating" || state.evaluation?.round !== round || state.run === null)
    return [{ ...state, holds }, []];
  const answer: MessageOf<"evaluated"> = {
    type: "evaluated",
    run: state.run,
    round,
    holds,
    result: result === null ? null : { ...result, metrics: { ...result.metrics } },
    code,
  };
  const say: SessionEffect[] = state.link === "welcomed" ? [send(answer)] : [];
  const idle: SessionState = { ...state, holds, activity: "idle", evaluation: { round, answer } };
  return [idle, [...say, { type: "startTimer", timer: "heartbeat" }]];
}

/** Stops an evaluation that is under way; everything else stays as it is. */
export function callOff(state: SessionState): SessionStep {
  if (state.activity !== "evaluating") return [state, []];
  return [{ ...state, activity: "idle", evaluation: null }, [{ type: "abortWork" }]];
}
