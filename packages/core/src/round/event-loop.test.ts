import { describe, expect, it } from "vitest";
import { FedtuneError } from "../errors.ts";
import { arrived, delivered, joined, play, rules, start } from "../test-support/round-play.ts";
import { eventLoop } from "./event-loop.ts";
import { openTimers } from "./timers.ts";
import type { RoundEffect, RoundEvent } from "./types.ts";

const of = rules({ minAvailableClients: 2 });
const open = play(of, [start, joined(0), joined(1), ...delivered(0)])[0];

/** A loop that notes what it performs; `fails` names effects that throw. */
function watched(fails: readonly RoundEffect["type"][], from = open) {
  const performed: string[] = [];
  const loop = eventLoop(from, {
    rules: of,
    changed: () => undefined,
    async perform(effect) {
      performed.push(effect.type);
      await Promise.resolve();
      if (fails.includes(effect.type)) throw new FedtuneError("storage-failed", "no disk");
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { performed, loop, settle };
}

describe("the event loop", () => {
  it("[RE25] leaves out what follows an effect that failed, and answers nobody on its strength", async () => {
    const { performed, loop, settle } = watched(["close"]);
    [...delivered(1), arrived(0, 1, 7), arrived(1, 1, 8)].forEach((event) => {
      loop.post(event);
    });
    await settle();
    expect(performed).toEqual(["store", "accept", "stopTimer", "close", "finish"]);
    expect(loop.state()).toMatchObject({ phase: "failed", failure: { code: "storage-failed" } });
  });

  it("[RE25] sees to the end also when what comes before it fails", async () => {
    const { performed, loop, settle } = watched(["abandon"]);
    loop.post({ type: "stop" });
    await settle();
    expect(performed.slice(-2)).toEqual(["abandon", "finish"]);
  });

  it("[RE28] passes over the event of a timer that was stopped while the event waited", async () => {
    const { performed, loop, settle } = watched([]);
    const late: RoundEvent = { type: "timer", timer: "round" };
    loop.post(late, () => false);
    await settle();
    expect([performed, loop.state()]).toEqual([[], open]);
  });
});

describe("timers", () => {
  it("[RE28] say until when they run, and whether a call is still due", () => {
    const callbacks: (() => void)[] = [];
    const timers = openTimers({
      now: () => 100,
      after: (_ms, callback) => {
        callbacks.push(callback);
        return () => undefined;
      },
    });
    const due: boolean[] = [];
    const fire = (isDue: () => boolean) => due.push(isDue(), isDue());
    timers.start("wait", 50, fire);
    expect([timers.due("wait"), timers.due("round")]).toEqual([150, null]);
    timers.start("wait", 70, fire);
    expect(timers.due("wait")).toBe(170);
    callbacks.forEach((callback) => {
      callback();
    });
    expect(due).toEqual([false, false, true, false]);
    expect(timers.due("wait")).toBeNull();
  });
});
