/** A session of a run that counts late updates in the round after their own. */
import { describe, expect, it } from "vitest";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { MessageOf, RunSpec } from "../protocol/messages.ts";
import { newSession, stepSession } from "./session.ts";
import type { Delivery, SessionEffect, SessionEvent, SessionState } from "./session-types.ts";

const hash = (k: number): Digest => String(k).padStart(64, "0") as Digest;
const run = "toy" as RunId;

const heard = (message: Extract<SessionEvent, { type: "message" }>["message"]): SessionEvent => ({
  type: "message",
  message,
});
const welcome = (spec: Partial<RunSpec> = { lateUpdates: "next-round" }): SessionEvent =>
  heard({
    ...{ type: "welcome", protocol: 1, run, client: "ward-3" as ClientId, index: 2 },
    spec: { configHash: hash(1), ...spec } as RunSpec,
  });
const order = (round: number): SessionEvent =>
  heard({ type: "order", run, round, attempt: 1, from: null } as MessageOf<"order">);
const delivery = (round: number): Delivery => ({
  ...{ round, blob: { hash: hash(100 + round), bytes: 8 }, examples: 5, metrics: {} },
});
const prepared = (pending: Delivery | null = null): SessionEvent => ({
  ...{ type: "prepared", layoutHash: hash(2), holds: { round: 0, hash: hash(3) } },
  delivery: pending,
});
const worked = (round: number): SessionEvent => ({
  ...{ type: "worked", delivery: delivery(round), holds: { round: round - 1, hash: hash(3) } },
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

const working = play([{ type: "opened" }, welcome(), prepared(), order(1)])[0];

describe("a client that is late, in a run that takes what is late", () => {
  it("[RE30] finishes before it follows the next round's order, and delivers", () => {
    const [still, effects] = play([order(2)], working);
    expect([effects, still.work?.round]).toEqual([[], 1]);
    const [delivering, upload] = play([worked(1)], still);
    expect(kinds(upload)).toEqual(["upload", "startTimer"]);
    expect(play([order(2)], delivering)[1]).toEqual([]);
    const accepted = heard({ type: "accepted", run, round: 1, hash: hash(101) });
    expect(kinds(play([accepted], delivering)[1])).toEqual(["promote", "stopTimer", "startTimer"]);
  });

  it("[RE30] gives it up for an order of the round after that, or when it is called off", () => {
    expect(kinds(play([order(3)], working)[1])).toEqual([
      "abortWork",
      "taken",
      "stopTimer",
      "work",
    ]);
    const cancel = heard({ type: "cancel", run, round: 1, code: "late-update" });
    expect(kinds(play([cancel], working)[1])).toEqual(["abortWork", "startTimer"]);
    const other = heard({ type: "cancel", run, round: 2, code: "late-update" });
    expect(play([other], working)[1]).toEqual([]);
    const refused = heard({
      ...{ type: "refused", run, round: 1, hash: hash(101) },
      ...{ code: "late-update", message: "too late" },
    });
    const [free] = play([worked(1), refused], working);
    expect(kinds(play([order(2)], free)[1])).toContain("work");
  });

  it("[RE30] goes on over a lost connection", () => {
    const back: SessionEvent[] = [{ type: "disconnected" }, { type: "opened" }, welcome()];
    const [there, effects] = play([...back, order(2)], working);
    expect([there.activity, there.work?.round, effects]).toEqual(["working", 1, []]);
  });

  it("[RE30] delivers after a restart what it had finished before", () => {
    const [, effects] = play([{ type: "opened" }, welcome(), prepared(delivery(1))]);
    expect(kinds(effects)).toEqual(["join", "startTimer", "upload", "startTimer"]);
    const [idle, plain] = play([{ type: "opened" }, welcome({}), prepared(delivery(1))]);
    expect([kinds(plain), idle.activity]).toEqual([["join", "startTimer"], "idle"]);
  });

  it("[RE30] [CL3] where the run drops what is late it follows the next order at once", () => {
    const [busy] = play([{ type: "opened" }, welcome({}), prepared(), order(1)]);
    expect(kinds(play([order(2)], busy)[1])).toEqual(["abortWork", "taken", "stopTimer", "work"]);
  });
});
