import { describe, expect, it } from "vitest";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { MessageOf, RunSpec } from "../protocol/messages.ts";
import { newSession, stepSession } from "./session.ts";
import type { Delivery, SessionEffect, SessionEvent, SessionState } from "./session-types.ts";

const hash = (k: number): Digest => String(k).padStart(64, "0") as Digest;
const run = "toy" as RunId;

const welcome = {
  type: "welcome",
  protocol: 1,
  run,
  client: "ward-3" as ClientId,
  index: 2,
  spec: { configHash: hash(1) } as RunSpec,
} as MessageOf<"welcome">;

function order(round: number, overrides: Partial<MessageOf<"order">> = {}): MessageOf<"order"> {
  return {
    type: "order",
    run,
    round,
    attempt: 1,
    plan: {
      rank: 2,
      train: ["up"],
      upload: ["up"],
      personal: [],
      codec: "f32",
      sparsify: null,
      coldStart: "zero",
    },
    layoutHash: hash(2),
    from: round - 1,
    download: [],
    adapterHash: hash(3),
    seed: [1, 2, 3, 4],
    deadlineMs: 1000,
    ...overrides,
  };
}

const delivery = (round: number): Delivery => ({
  round,
  blob: { hash: hash(100 + round), bytes: 8 },
  examples: 5,
  metrics: {},
});
const heard = (message: Extract<SessionEvent, { type: "message" }>["message"]): SessionEvent => ({
  type: "message",
  message,
});
const prepared: SessionEvent = {
  type: "prepared",
  layoutHash: hash(2),
  holds: { round: 0, hash: hash(3) },
  delivery: null,
};
const worked = (round: number): SessionEvent => ({
  type: "worked",
  delivery: delivery(round),
  holds: { round: round - 1, hash: hash(3) },
});

function play(
  events: readonly SessionEvent[],
  from?: SessionState,
): [SessionState, readonly SessionEffect[]] {
  let state = from ?? newSession({ client: "ward-3" as ClientId, software: "test", run: null });
  let effects: readonly SessionEffect[] = [];
  for (const event of events) [state, effects] = stepSession(state, event);
  return [state, effects];
}

const kinds = (effects: readonly SessionEffect[]): string[] =>
  effects.map((effect) => (effect.type === "send" ? effect.message.type : effect.type));

const idle = play([{ type: "opened" }, heard(welcome), prepared])[0];

describe("a session", () => {
  it("[TR1] greets with its protocol, prepares once welcomed, and joins with what it holds", () => {
    const [, hello] = play([{ type: "opened" }]);
    expect(hello[0]).toMatchObject({
      type: "send",
      message: { type: "hello", protocol: 1, client: "ward-3" },
    });
    expect(kinds(play([{ type: "opened" }, heard(welcome)])[1])).toEqual(["stopTimer", "prepare"]);
    const [, join] = play([{ type: "opened" }, heard(welcome), prepared]);
    expect(join[0]).toMatchObject({
      message: { type: "join", holds: { round: 0 }, pending: null },
    });
  });

  it("[CL7] takes an order, works, uploads, announces, and promotes when accepted", () => {
    const [working, taken] = play([heard(order(1))], idle);
    expect(kinds(taken)).toEqual(["taken", "stopTimer", "work"]);
    const [delivering, upload] = play([worked(1)], working);
    expect(kinds(upload)).toEqual(["upload", "startTimer"]);
    const [announced, update] = play([{ type: "uploaded", round: 1 }], delivering);
    expect(kinds(update)).toEqual(["update", "startTimer"]);
    const accepted = heard({ type: "accepted", run, round: 1, hash: hash(101) });
    const [after, effects] = play([accepted], announced);
    expect(kinds(effects)).toEqual(["promote", "stopTimer", "startTimer"]);
    expect(after).toMatchObject({ activity: "idle", delivery: null });
  });

  it("says how far it is with the work at hand, and only while it is welcome", () => {
    const [working] = play([heard(order(1))], idle);
    const progress = { type: "progress", round: 1, attempt: 1, done: 0.5 } as const;
    expect(play([progress], working)[1]).toEqual([{ type: "send", message: { ...progress, run } }]);
    expect(play([{ ...progress, round: 2 }], working)[1]).toEqual([]);
    expect(play([{ type: "disconnected" }, progress], working)[1]).toEqual([]);
    expect(play([progress], idle)[1]).toEqual([]);
  });

  it("tells what its device is where it is told, and nothing else", () => {
    const device = { backend: "webgpu", platform: "Chromium 156", threads: 8 };
    const start = { client: "ward-3" as ClientId, software: "test", run: null };
    const [, [hello]] = play([{ type: "opened" }], newSession({ ...start, device }));
    expect(hello).toMatchObject({ message: { device } });
    const [, [silent]] = play([{ type: "opened" }], newSession(start));
    expect(silent).toMatchObject({ message: { type: "hello" } });
    expect(JSON.stringify(silent)).not.toContain("device");
  });

  it("[CL3] drops the update and its personal factors when it is refused", () => {
    const [announced] = play([heard(order(1)), worked(1), { type: "uploaded", round: 1 }], idle);
    const refused = heard({
      type: "refused",
      run,
      round: 1,
      hash: hash(101),
      code: "late-update",
      message: "too late",
    });
    expect(kinds(play([refused], announced)[1])).toEqual(["discard", "stopTimer", "startTimer"]);
  });

  it("[CL3] an answer about other bytes changes nothing", () => {
    const [announced] = play([heard(order(1)), worked(1), { type: "uploaded", round: 1 }], idle);
    const [after, effects] = play(
      [heard({ type: "accepted", run, round: 1, hash: hash(7) })],
      announced,
    );
    expect(effects).toEqual([]);
    expect(after).toEqual(announced);
  });

  it("[CL4] does not start on an adapter that it does not hold: it says what it holds instead", () => {
    const [state, effects] = play([heard(order(3))], idle);
    expect(effects).toMatchObject([
      { type: "send", message: { type: "taken", holds: { round: 0 } } },
    ]);
    expect(state.activity).toBe("idle");
    expect(kinds(play([heard(order(3, { from: null }))], idle)[1])).toContain("work");
  });

  it("[CL2] sends the stored bytes again when the same round is ordered anew, without training", () => {
    const pending: SessionEvent = {
      ...prepared,
      delivery: delivery(1),
    };
    const [restarted] = play([{ type: "opened" }, heard(welcome), pending]);
    const [, effects] = play([heard(order(1))], restarted);
    expect(kinds(effects)).toEqual(["taken", "upload", "startTimer"]);
  });

  it("[CL3] gives up a stored update when the coordinator has gone on", () => {
    const [announced] = play([heard(order(1)), worked(1), { type: "uploaded", round: 1 }], idle);
    const [working, effects] = play([heard(order(2, { from: 0 }))], announced);
    expect(kinds(effects)).toEqual(["discard", "stopTimer", "taken", "stopTimer", "work"]);
    expect(working.delivery).toBeNull();
  });

  it("[TR7] says hello again after a lost connection and asks again for the answer", () => {
    const [announced] = play([heard(order(1)), worked(1), { type: "uploaded", round: 1 }], idle);
    const [, hello] = play([{ type: "disconnected" }, { type: "opened" }], announced);
    expect(kinds(hello)).toEqual(["hello", "startTimer"]);
    const [back] = play([{ type: "disconnected" }, { type: "opened" }, heard(welcome)], announced);
    expect(kinds(play([{ type: "timer", timer: "delivery" }], back)[1])).toEqual([
      "update",
      "startTimer",
    ]);
  });

  it("[CL5] says nothing but hello before it is welcomed: what failed meanwhile is ordered anew", () => {
    const lost: SessionEvent[] = [{ type: "disconnected" }, { type: "opened" }];
    const failed: SessionEvent = {
      ...{ type: "workFailed", round: 1, attempt: 1, code: "transport-closed" },
      holds: null,
    };
    const [state, effects] = play([heard(order(1)), ...lost, failed], idle);
    expect(state.activity).toBe("idle");
    expect(kinds(effects)).toEqual(["startTimer"]);
  });

  it("[CL5] declines when training fails and stays", () => {
    const [working] = play([heard(order(1))], idle);
    const failed: SessionEvent = {
      type: "workFailed",
      round: 1,
      attempt: 1,
      code: "training-failed",
      holds: null,
    };
    const [state, effects] = play([failed], working);
    expect(effects[0]).toMatchObject({
      message: { type: "declined", code: "training-failed", round: 1 },
    });
    expect(state.activity).toBe("idle");
  });

  it("[CL6] stops its work when the order is called off, when it leaves and when it is dismissed", () => {
    const [working] = play([heard(order(1))], idle);
    expect(
      kinds(play([heard({ type: "cancel", run, round: 1, code: "timeout" })], working)[1]),
    ).toContain("abortWork");
    expect(kinds(play([{ type: "leave" }], working)[1])).toEqual([
      "leave",
      "abortWork",
      "stopTimer",
      "stopTimer",
      "stopTimer",
      "end",
    ]);
    const goodbye = heard({ type: "goodbye", code: "layout-mismatch", message: "other model" });
    expect(play([goodbye], working)[1].at(-1)).toEqual({
      type: "end",
      end: { kind: "refused", code: "layout-mismatch", message: "other model" },
    });
  });

  it("[TR2] ends when the run behind a name is no longer the one it joined", () => {
    const other = { ...welcome, spec: { ...welcome.spec, configHash: hash(9) } };
    const [, effects] = play([{ type: "disconnected" }, { type: "opened" }, heard(other)], idle);
    expect(effects.at(-1)).toMatchObject({ end: { kind: "refused", code: "config-conflict" } });
  });
});
