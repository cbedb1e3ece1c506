/** The part of a session that brings a finished update to the coordinator and hears what became of it. */
import type { Digest, RunId } from "../ids.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import type {
  Delivery,
  SessionEffect,
  SessionEvent,
  SessionState,
  SessionStep,
  SessionTimer,
} from "./session-types.ts";

/** Uploads the pending update, or announces it when its bytes are already there. */
export function deliver(state: SessionState, before: readonly SessionEffect[]): SessionStep {
  const { delivery, run } = state;
  if (delivery === null || run === null) return [state, before];
  const { uploaded, ...plain } = delivery;
  const action: SessionEffect = uploaded
    ? announce(run, plain)
    : { type: "upload", delivery: plain };
  return [
    { ...state, activity: "delivering" },
    [...before, action, { type: "startTimer", timer: "delivery" }],
  ];
}

function announce(run: RunId, delivery: Delivery): SessionEffect {
  const { round, blob, examples, metrics } = delivery;
  return send({ type: "update", run, round, blob, examples, metrics });
}

export function uploaded(state: SessionState, round: number): SessionStep {
  if (state.delivery?.round !== round) return [state, []];
  const known: SessionState = { ...state, delivery: { ...state.delivery, uploaded: true } };
  return known.activity === "delivering" && known.link === "welcomed"
    ? deliver(known, [])
    : [known, []];
}

export function uploadFailed(
  state: SessionState,
  event: Extract<SessionEvent, { type: "uploadFailed" }>,
): SessionStep {
  const { round, code, message } = event;
  if (state.delivery?.round !== round || state.activity !== "delivering") return [state, []];
  if (event.retryable) return [state, [{ type: "startTimer", timer: "delivery" }]];
  const effects: SessionEffect[] = [
    { type: "discard", round, code, message },
    ...stops("delivery"),
  ];
  if (state.run !== null && state.work !== null && state.link === "welcomed") {
    effects.push(
      send({
        type: "declined",
        run: state.run,
        ...state.work,
        code,
        message: message.slice(0, 2000),
      }),
    );
  }
  effects.push({ type: "startTimer", timer: "heartbeat" });
  return [{ ...state, delivery: null, activity: "idle", work: null }, effects];
}

export function answered(
  state: SessionState,
  message: { readonly round: number; readonly hash: Digest },
  effect: SessionEffect,
): SessionStep {
  const matches =
    state.delivery?.round === message.round && state.delivery.blob.hash === message.hash;
  if (!matches) return [state, []];
  const done: SessionState = { ...state, delivery: null, work: null };
  if (state.activity === "evaluating") return [done, [effect, ...stops("delivery")]];
  const idle: SessionState = { ...done, activity: "idle" };
  return [idle, [effect, ...stops("delivery"), { type: "startTimer", timer: "heartbeat" }]];
}

/** Says (again) that this client is ready, what it holds, and which update is not answered. */
export function joinEffects(state: SessionState): SessionEffect[] {
  const { run, layoutHash, holds, delivery } = state;
  if (run === null || layoutHash === null) return [];
  const pending = delivery === null ? null : { round: delivery.round, hash: delivery.blob.hash };
  const join: ClientMessage = { type: "join", run, layoutHash, holds, pending };
  return [send(join), { type: "startTimer", timer: "heartbeat" }];
}

/** An effect that sends a message. */
export function send(message: ClientMessage): SessionEffect {
  return { type: "send", message };
}

/** Effects that stop timers. */
export function stops(...timers: SessionTimer[]): SessionEffect[] {
  return timers.map((name) => ({ type: "stopTimer", timer: name }));
}
