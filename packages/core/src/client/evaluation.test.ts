import { describe, expect, it } from "vitest";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { RunSpec } from "../protocol/messages.ts";
import { newSession, stepSession } from "./session.ts";
import type { SessionEffect, SessionEvent, SessionState } from "./session-types.ts";

const hash = (k: number): Digest => String(k).padStart(64, "0") as Digest;
const run = "toy" as RunId;
const heard = (message: Extract<SessionEvent, { type: "message" }>["message"]): SessionEvent => ({
  type: "message",
  message,
});
const welcome = heard({
  type: "welcome",
  protocol: 1,
  run,
  client: "ward-3" as ClientId,
  index: 2,
  spec: { configHash: hash(1) } as RunSpec,
});
const prepared: SessionEvent = {
  type: "prepared",
  layoutHash: hash(2),
  holds: { round: 0, hash: hash(3) },
  delivery: null,
};
const ask = (round: number, from: number | null = 0): SessionEvent =>
  heard({
    type: "evaluate",
    run,
    round,
    layoutHash: hash(2),
    from,
    download: [],
    adapterHash: hash(3),
    personal: ["up"],
    deadlineMs: 1000,
  });
const found = (round: number): SessionEvent => ({
  type: "evaluated",
  round,
  result: { examples: 3, metrics: { accuracy: 0.5 } },
  code: null,
  holds: { round, hash: hash(4) },
});
const order = heard({
  type: "order",
  run,
  round: 1,
  attempt: 1,
  plan: {
    ...{ rank: 2, train: ["up"], upload: ["up"], personal: [], codec: "f32" },
    ...{ sparsify: null, coldStart: "zero" },
  },
  layoutHash: hash(2),
  from: 0,
  download: [],
  adapterHash: hash(3),
  seed: [1, 2, 3, 4],
  deadlineMs: 1000,
});

function play(
  events: readonly SessionEvent[],
  from = newSession({ client: "ward-3" as ClientId, software: "test", run: null }),
): [SessionState, readonly SessionEffect[]] {
  let state = from;
  let effects: readonly SessionEffect[] = [];
  for (const event of events) [state, effects] = stepSession(state, event);
  return [state, effects];
}

const kinds = (effects: readonly SessionEffect[]): string[] =>
  effects.map((effect) => (effect.type === "send" ? effect.message.type : effect.type));
const idle = play([{ type: "opened" }, welcome, prepared])[0];
const [evaluating] = play([ask(0)], idle);

describe("a session that is asked to evaluate", () => {
  it("[CL7] evaluates, answers with what it found and what it then holds, and is idle again", () => {
    expect(kinds(play([ask(0)], idle)[1])).toEqual(["stopTimer", "evaluate"]);
    const [after, effects] = play([found(0)], evaluating);
    expect(kinds(effects)).toEqual(["evaluated", "startTimer"]);
    expect(effects[0]).toMatchObject({
      message: { round: 0, result: { examples: 3 }, code: null, holds: { hash: hash(4) } },
    });
    expect(after).toMatchObject({ activity: "idle", holds: { hash: hash(4) } });
  });

  it("[CL5] says with a code that it could not, and stays", () => {
    const failed = { ...found(0), result: null, code: "data-invalid" } as SessionEvent;
    const [after, effects] = play([failed], evaluating);
    expect(effects[0]).toMatchObject({ message: { result: null, code: "data-invalid" } });
    expect(after.activity).toBe("idle");
  });

  it("[TR7] asked again, goes on or gives the same answer; another round begins anew", () => {
    expect(play([ask(0)], evaluating)[1]).toEqual([]);
    const [answered] = play([found(0)], evaluating);
    expect(kinds(play([ask(0)], answered)[1])).toEqual(["evaluated"]);
    expect(kinds(play([ask(1)], answered)[1])).toEqual(["stopTimer", "evaluate"]);
    expect(kinds(play([ask(1)], evaluating)[1])).toEqual(["abortWork", "stopTimer", "evaluate"]);
  });

  it("[TR7] keeps its answer while the connection is lost and gives it when asked again", () => {
    const [away, silent] = play([{ type: "disconnected" }, found(0)], evaluating);
    expect(kinds(silent)).toEqual(["startTimer"]);
    const [back, joins] = play([{ type: "opened" }, welcome], away);
    expect(kinds(joins)).toEqual(["stopTimer", "join", "startTimer"]);
    expect(kinds(play([ask(0)], back)[1])).toEqual(["evaluated"]);
  });

  it("[CL10] [CL1] an order comes first: the evaluation stops, and its outcome is not told", () => {
    const [working, effects] = play([order], evaluating);
    expect(kinds(effects)).toEqual(["abortWork", "taken", "stopTimer", "work"]);
    const [after, none] = play([found(0)], working);
    expect([after.activity, none]).toEqual(["working", []]);
    expect(play([ask(0)], working)).toEqual([working, []]);
  });

  it("[TR9] stops when it is called off, leaves, or the run ends", () => {
    const cancel = heard({ type: "cancel", run, round: 0, code: "timeout" });
    const [idleAgain, effects] = play([cancel], evaluating);
    expect([idleAgain.activity, kinds(effects)]).toEqual(["idle", ["abortWork", "startTimer"]]);
    expect(kinds(play([{ type: "leave" }], evaluating)[1]).slice(0, 2)).toEqual([
      "leave",
      "abortWork",
    ]);
    const finished = heard({ type: "finished", run, status: "stopped", rounds: 0 });
    expect(kinds(play([finished], evaluating)[1])).toContain("abortWork");
  });

  it("[CL4] says again what it holds when the parts start elsewhere", () => {
    const [after, effects] = play([ask(3, 2)], idle);
    expect([after.activity, kinds(effects)]).toEqual(["idle", ["join", "startTimer"]]);
  });

  it("[CL3] an accepted update that it hears of meanwhile is promoted; the evaluation goes on", () => {
    const delivery = {
      round: 1,
      blob: { hash: hash(9), bytes: 8 },
      examples: 5,
      metrics: {},
    };
    const [waiting, join] = play([{ type: "opened" }, welcome, { ...prepared, delivery }]);
    expect(join[0]).toMatchObject({ message: { pending: { round: 1, hash: hash(9) } } });
    const accepted = heard({ type: "accepted", run, round: 1, hash: hash(9) });
    const [after, effects] = play([ask(1), accepted], waiting);
    expect([after.activity, after.delivery]).toEqual(["evaluating", null]);
    expect(kinds(effects)).toEqual(["promote", "stopTimer"]);
  });
});
