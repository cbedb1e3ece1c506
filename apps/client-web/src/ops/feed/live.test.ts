import { virtualClock } from "@fedtune/core";
import { QueryClient } from "@tanstack/react-query";
import { describe, expect, test } from "vitest";
import { keys } from "../api/keys.ts";
import { sampleRun } from "../run/fixture/config.ts";
import { sampleDetails } from "../run/fixture/now.ts";
import { connectionText } from "./connection.ts";
import { feedStore } from "./feed-store.ts";
import { followInto } from "./follow-into.ts";
import { liveConnection } from "./live.ts";
import type { LiveSocket, RunFollower } from "./live.ts";
import { testFrames } from "./test-support/frames.ts";

const details = sampleDetails();
const { state } = details;

function socketBench() {
  const listeners = new Map<string, (message: unknown) => void>();
  const asked: { run: string; after: string | null }[] = [];
  const left: unknown[] = [];
  let answer: unknown = { ok: true };
  let isOpen = false;
  let connects = 0;
  let isActive = true;
  const clock = virtualClock(() => Promise.resolve());
  const socket: LiveSocket = {
    get active() {
      return isActive;
    },
    on: (event: string, listener: (message: unknown) => void) => listeners.set(event, listener),
    emit(event: string, request: unknown, acknowledge?: (answer: unknown) => void) {
      if (event === "unfollow") left.push(request);
      else asked.push(request as { run: string; after: string | null });
      acknowledge?.(answer);
    },
    connect: () => {
      isOpen = true;
      connects += 1;
    },
    disconnect: () => (isOpen = false),
  };
  const seen: string[] = [];
  const follower: RunFollower = {
    event: (event) => seen.push(event.type),
    live: (isAnew) => seen.push(isAnew ? "anew" : "live"),
    lost: () => seen.push("lost"),
    ended: () => seen.push("ended"),
    refused: ({ code }) => seen.push(code),
  };
  return {
    ...{ asked, left, seen, follower, clock, isOpen: () => isOpen, connects: () => connects },
    live: liveConnection(() => socket, clock),
    giveUp: () => (isActive = false),
    tell: (event: string, message?: unknown) => listeners.get(event)?.(message ?? null),
    answerWith: (next: unknown) => (answer = next),
  };
}

describe("the connection", () => {
  const event = (id: string | null) => ({ run: sampleRun, id, event: { type: "missed" } });

  test("goes on after the last event that it heard", () => {
    const bench = socketBench();
    bench.live.follow(sampleRun, bench.follower);
    bench.tell("connect");
    bench.tell("event", event("a-1"));
    bench.tell("event", event(null));
    bench.tell("disconnect");
    bench.tell("connect");
    expect(bench.asked.map(({ after }) => after)).toEqual([null, "a-1"]);
    expect(bench.seen).toEqual(["anew", "missed", "missed", "lost", "live"]);
  });

  test("asks anew after an end that is not for good, and says one that is", () => {
    const bench = socketBench();
    bench.live.follow(sampleRun, bench.follower);
    bench.tell("connect");
    bench.tell("end", { run: sampleRun, forGood: false });
    bench.tell("end", { run: sampleRun, forGood: true });
    expect(bench.asked).toHaveLength(2);
    expect(bench.seen.at(-1)).toBe("ended");
  });

  test("hears nothing of what does not parse, of other runs, or of a run that is left", () => {
    const bench = socketBench();
    const stop = bench.live.follow(sampleRun, bench.follower);
    bench.tell("connect");
    bench.tell("event", { run: sampleRun });
    bench.tell("event", { ...event("a-1"), run: "other" });
    bench.tell("event", "text");
    expect(bench.isOpen()).toBe(true);
    stop();
    bench.tell("event", event("a-2"));
    expect(bench.seen).toEqual(["anew"]);
    expect(bench.left).toEqual([{ run: sampleRun }]);
    expect(bench.isOpen()).toBe(false);
  });

  test("asks again where the other end has let go, and not after the page has left", () => {
    const bench = socketBench();
    const stop = bench.live.follow(sampleRun, bench.follower);
    bench.tell("connect");
    bench.giveUp();
    bench.tell("disconnect");
    expect(bench.connects()).toBe(1);
    bench.clock.advance();
    expect(bench.connects()).toBe(2);
    bench.tell("connect_error");
    expect(bench.seen).toEqual(["anew", "lost", "lost"]);
    stop();
    expect(bench.clock.advance()).toBe(false);
  });

  test("tells why it may not follow", () => {
    const bench = socketBench();
    bench.answerWith({ ok: false, error: { code: "run-unknown", message: "none", data: {} } });
    bench.live.follow(sampleRun, bench.follower);
    bench.tell("connect");
    expect(bench.seen).toEqual(["run-unknown"]);
  });
});

describe("following into the cache", () => {
  test("applies events per frame, reads anew what was read before, and says how it is", () => {
    const bench = socketBench();
    const page = testFrames();
    const clock = virtualClock(() => Promise.resolve());
    const cache = new QueryClient();
    cache.setQueryData(keys.run(sampleRun), details);
    const store = feedStore();
    const invalid: string[] = [];
    cache.getQueryCache().subscribe(({ type, query }) => {
      if (type === "updated" && query.state.isInvalidated) invalid.push(String(query.queryKey));
    });
    const { live } = bench;
    const now = (): number => 50_000;
    const ports = { clock, frames: page.ports, now, isOnline: () => true };
    const stop = followInto({ cache, live, run: sampleRun, store }, ports);
    expect(store.get()).toEqual({ name: "reconnecting", heardAtMs: null });
    bench.tell("connect");
    expect(store.get()).toEqual({ name: "live", heardAtMs: 50_000 });
    expect(invalid).toContain(`run,${sampleRun}`);
    const told = { type: "state", state: { ...state, present: 1 } };
    bench.tell("event", { run: sampleRun, id: "a-1", event: told });
    page.draw();
    expect(cache.getQueryData<typeof details>(keys.run(sampleRun))?.state.present).toBe(1);
    bench.tell("disconnect");
    expect(store.get()?.name).toBe("reconnecting");
    stop();
    expect(store.get()).toBeNull();
  });
});

describe("what the page says of its connection", () => {
  const at = { nowMs: Date.parse("2026-11-20T13:06:19Z"), timeZone: "Europe/Zurich" };
  const heardAtMs = at.nowMs - 1_200;

  test.each([
    ["live", heardAtMs, "Live, updated 1\u202fs ago"],
    ["reconnecting", heardAtMs, "Reconnecting, data from 14:06:17"],
    ["reconnecting", null, "Reconnecting"],
    ["offline", heardAtMs, "Offline"],
    ["ended", heardAtMs, "Ended"],
  ] as const)("%s since %s", (name, heard, text) => {
    expect(connectionText({ name, heardAtMs: heard }, at).text).toBe(text);
  });
});
