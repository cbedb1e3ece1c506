/**
 * The client's half of the protocol as a pure state machine: join, take orders, deliver, resume.
 *
 * Training, files and sockets are effects; `@fedtune/client` carries them out.
 */
import { FedtuneError } from "../errors.ts";
import type { ClientId, RunId } from "../ids.ts";
import { protocolVersion } from "../protocol/messages.ts";
import type { ClientMessage, DeviceFacts, MessageOf, ServerMessage } from "../protocol/messages.ts";
import { answered, deliver, joinEffects, send, stops, uploaded, uploadFailed } from "./delivery.ts";
import { asked, callOff, evaluated } from "./evaluation.ts";
import type {
  SessionEffect,
  SessionEnd,
  SessionEvent,
  SessionState,
  SessionStep,
  SessionTimer,
} from "./session-types.ts";

/** Who greets the coordinator. */
export interface SessionStart {
  readonly client: ClientId;
  readonly software: string;
  /** Null: the only run that there is. */
  readonly run: RunId | null;
  /** Absent: nothing is said of the device. */
  readonly device?: DeviceFacts | null;
}

/** A session before its connection is open. */
export function newSession({ client, software, run, device = null }: SessionStart): SessionState {
  return {
    client,
    software,
    device,
    wantedRun: run,
    link: "down",
    activity: "unprepared",
    run: null,
    configHash: null,
    layoutHash: null,
    finishesLate: false,
    holds: null,
    work: null,
    delivery: null,
    evaluation: null,
  };
}

/** Takes one event to the next state and effects; depends on its arguments alone. */
export function stepSession(state: SessionState, event: SessionEvent): SessionStep {
  if (state.activity === "ended") return [state, []];
  switch (event.type) {
    case "opened":
      return greet(state);
    case "disconnected":
      return [{ ...state, link: "down" }, stops("greeting", "heartbeat")];
    case "message":
      return hear(state, event.message);
    case "prepared":
      return prepared(state, event);
    case "worked":
      return worked(state, event);
    case "workFailed":
      return workFailed(state, event);
    case "progress":
      return progressed(state, event);
    case "evaluated":
      return evaluated(state, event);
    case "uploaded":
      return uploaded(state, event.round);
    case "uploadFailed":
      return uploadFailed(state, event);
    case "timer":
      return timer(state, event.timer);
    case "leave":
      return leave(state);
    default:
      throw new FedtuneError(
        "internal",
        `Cannot step on event ${JSON.stringify(event satisfies never)}`,
      );
  }
}

/** Said once, to whoever listens; what is not heard is not said again. */
function progressed(
  state: SessionState,
  { round, attempt, done }: Extract<SessionEvent, { type: "progress" }>,
): SessionStep {
  const { link, run, work } = state;
  const isAtIt = work?.round === round && work.attempt === attempt;
  if (link !== "welcomed" || run === null || !isAtIt) return [state, []];
  return [state, [send({ type: "progress", run, round, attempt, done })]];
}

function greet(state: SessionState): SessionStep {
  const { client, software, device, wantedRun } = state;
  const hello: ClientMessage = {
    type: "hello",
    protocol: protocolVersion,
    run: wantedRun,
    client,
    software,
    ...(device === null ? {} : { device }),
  };
  return [{ ...state, link: "greeting" }, [send(hello), { type: "startTimer", timer: "greeting" }]];
}

function hear(state: SessionState, message: ServerMessage): SessionStep {
  switch (message.type) {
    case "welcome":
      return welcomed(state, message);
    case "order":
      return ordered(state, message);
    case "evaluate":
      return asked(state, message);
    case "cancel":
      return cancelled(state, message.round);
    case "accepted":
      return answered(state, message, { type: "promote", round: message.round });
    case "refused":
      return answered(state, message, {
        type: "discard",
        round: message.round,
        code: message.code,
        message: message.message,
      });
    case "finished":
      return end(state, { kind: "finished", status: message.status, rounds: message.rounds });
    case "goodbye":
      return end(state, { kind: "refused", code: message.code, message: message.message });
    default:
      throw new FedtuneError("internal", `Cannot hear ${JSON.stringify(message satisfies never)}`);
  }
}

function welcomed(state: SessionState, message: MessageOf<"welcome">): SessionStep {
  const { configHash } = message.spec;
  if (state.configHash !== null && state.configHash !== configHash) {
    const text = `Cannot go on: run "${message.run}" now has another config than when this client joined`;
    return end(state, { kind: "refused", code: "config-conflict", message: text });
  }
  const finishesLate = message.spec.lateUpdates === "next-round";
  const { run } = message;
  const known: SessionState = { ...state, link: "welcomed", run, configHash, finishesLate };
  const stop = stops("greeting");
  if (known.activity === "preparing") return [known, stop];
  // The answer to a delivery may have been lost with the old connection: its timer asks again.
  if (known.activity === "delivering")
    return [known, [...stop, ...joinEffects(known), { type: "startTimer", timer: "delivery" }]];
  if (known.activity !== "unprepared") return rejoin(known, stop);
  return [{ ...known, activity: "preparing" }, [...stop, { type: "prepare", welcome: message }]];
}

function prepared(
  state: SessionState,
  event: Extract<SessionEvent, { type: "prepared" }>,
): SessionStep {
  const { layoutHash, holds } = event;
  const delivery = event.delivery === null ? null : { ...event.delivery, uploaded: false };
  const ready: SessionState = { ...state, activity: "idle", layoutHash, holds, delivery };
  return ready.link === "welcomed" ? rejoin(ready, []) : [ready, []];
}

/** Says that it is there; what it has finished need not wait for an order where late work counts. */
function rejoin(state: SessionState, before: readonly SessionEffect[]): SessionStep {
  const effects = [...before, ...joinEffects(state)];
  const isLate = state.finishesLate && state.activity === "idle";
  return isLate ? deliver(state, effects) : [state, effects];
}

/** An order comes before an evaluation that is under way. */
function ordered(before: SessionState, order: MessageOf<"order">): SessionStep {
  const { run, round, attempt } = order;
  if (run !== before.run || before.layoutHash === null) return [before, []];
  const [state, calledOff] = callOff(before);
  if (isLateWith(state, round - 1))
    return state.activity === "idle" ? deliver(state, calledOff) : [state, calledOff];
  const taken = send({ type: "taken", run, round, attempt, holds: state.holds });
  if (state.delivery?.round === round)
    return deliver({ ...state, work: { round, attempt } }, [...calledOff, taken]);
  if (state.work?.round === round && state.activity === "working") {
    return [{ ...state, work: { round, attempt } }, [taken]];
  }
  const stale: SessionEffect[] = [...calledOff];
  if (state.activity === "working") stale.push({ type: "abortWork" });
  if (state.delivery !== null) {
    const message = `The coordinator has gone on to round ${round}`;
    stale.push(
      { type: "discard", round: state.delivery.round, code: "late-update", message },
      ...stops("delivery"),
    );
  }
  const free: SessionState = { ...state, delivery: null, work: null, activity: "idle" };
  if (order.from !== null && order.from !== state.holds?.round) return [free, [...stale, taken]];
  const working: SessionState = { ...free, activity: "working", work: { round, attempt } };
  return [working, [...stale, taken, ...stops("heartbeat"), { type: "work", order }]];
}

/** Whether work of that round is at hand that its run still takes. */
function isLateWith(state: SessionState, round: number): boolean {
  const { activity, work, delivery, finishesLate } = state;
  const atHand = activity === "working" ? work?.round : delivery?.round;
  return finishesLate && atHand === round;
}

function worked(
  state: SessionState,
  event: Extract<SessionEvent, { type: "worked" }>,
): SessionStep {
  const { delivery, holds } = event;
  if (state.activity !== "working" || state.work?.round !== delivery.round)
    return [{ ...state, holds }, []];
  return deliver({ ...state, holds, delivery: { ...delivery, uploaded: false } }, []);
}

function workFailed(
  state: SessionState,
  event: Extract<SessionEvent, { type: "workFailed" }>,
): SessionStep {
  const holds = event.holds ?? state.holds;
  if (state.activity !== "working" || state.work?.round !== event.round || state.run === null)
    return [{ ...state, holds }, []];
  const { round, code } = event;
  const declined = send({
    type: "declined",
    run: state.run,
    round,
    attempt: state.work.attempt,
    code,
    // Never the error's own words: they quote files, and with them rows.
    message: `Cannot train round ${round}; the client itself shows why`,
  });
  const idle: SessionState = { ...state, holds, activity: "idle", work: null };
  // Before the coordinator has answered a hello it takes nothing else: it learns by the join, and orders anew.
  const say = state.link === "welcomed" ? [declined] : [];
  if (code !== "budget-exhausted")
    return [idle, [...say, { type: "startTimer", timer: "heartbeat" }]];
  // What is spent never comes back: this client has no further round to give.
  const message = `Cannot go on in run "${state.run}": the privacy budget of this data is spent`;
  const [ended, effects] = end(idle, { kind: "refused", code, message });
  return [ended, [...say, send({ type: "leave", run: state.run }), ...effects]];
}

/** The order or the evaluation is called off; a finished update is kept, a later attempt at the round may still want it. */
function cancelled(state: SessionState, round: number): SessionStep {
  if (state.activity === "evaluating" && state.evaluation?.round === round) {
    const [free, stop] = callOff(state);
    return [free, [...stop, { type: "startTimer", timer: "heartbeat" }]];
  }
  if (state.work?.round !== round) return [state, []];
  const idle: SessionState = { ...state, activity: "idle", work: null };
  const stop: SessionEffect[] =
    state.activity === "working" ? [{ type: "abortWork" }] : stops("delivery");
  return [idle, [...stop, { type: "startTimer", timer: "heartbeat" }]];
}

function timer(state: SessionState, name: SessionTimer): SessionStep {
  switch (name) {
    case "greeting":
      return state.link === "greeting" ? greet(state) : [state, []];
    case "heartbeat":
      return state.link === "welcomed" && state.activity === "idle"
        ? [state, joinEffects(state)]
        : [state, []];
    case "delivery":
      return state.link === "welcomed" && state.activity === "delivering"
        ? deliver(state, [])
        : [state, []];
    default:
      throw new FedtuneError("internal", `Cannot time ${JSON.stringify(name satisfies never)}`);
  }
}

function leave(state: SessionState): SessionStep {
  const goodbye: SessionEffect[] =
    state.run === null || state.link === "down" ? [] : [send({ type: "leave", run: state.run })];
  const [ended, effects] = end(state, { kind: "left" });
  return [ended, [...goodbye, ...effects]];
}

function end(state: SessionState, how: SessionEnd): SessionStep {
  const isBusy = state.activity === "working" || state.activity === "evaluating";
  const abort: SessionEffect[] = isBusy ? [{ type: "abortWork" }] : [];
  const effects: SessionEffect[] = [
    ...abort,
    ...stops("greeting", "heartbeat", "delivery"),
    { type: "end", end: how },
  ];
  return [{ ...state, activity: "ended", work: null }, effects];
}
