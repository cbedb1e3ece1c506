import type { OutputOf } from "@fedtune/api";
import { virtualClock } from "@fedtune/core";
import { QueryClient } from "@tanstack/react-query";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keys } from "../api/keys.ts";
import { sampleRun } from "../run/fixture/config.ts";
import { sampleHistory } from "../run/fixture/history.ts";
import { openChanges, sampleDetails } from "../run/fixture/now.ts";
import { applyPatch, feedKeys } from "./apply.ts";
import { startBatcher } from "./batcher.ts";
import { maxHeldRounds, nothing, patchedList, withEvent } from "./patches.ts";
import type { MembersPatch, RunPart, RunPatch } from "./patches.ts";
import { testFrames } from "./test-support/frames.ts";
import { touchedParts } from "./touched.ts";

type RunEvent = OutputOf<"followRun">;

const history = sampleHistory();
const details = sampleDetails(history);
const { state } = details;

const folded = (...events: readonly RunEvent[]): RunPatch =>
  events.reduce((patch, event) => withEvent(patch, event), nothing);

const round = (number: number): RunEvent => ({
  type: "round",
  round: { ...history.rounds[0]!, round: number },
});
const members = (number: number, changes = openChanges()): RunEvent => ({
  ...{ type: "members", round: number, attempt: 1, members: changes },
});
const refusal: RunEvent = {
  type: "refusal",
  refusal: { client: "olten-04", code: "norm-exceeded", message: "too long", round: 27 },
};

describe("patches", () => {
  test("the last state counts, however many were told", () => {
    const patch = folded(
      { type: "state", state },
      { type: "state", state: { ...state, present: 3 } },
    );
    expect(patch.state?.present).toBe(3);
    expect(patch.touched.size).toBe(0);
  });

  test("members are merged by index, and forgotten with their attempt", () => {
    const [first] = openChanges();
    const later = { ...first!, progress: 0.9 };
    const patch = folded(members(27), members(27, [later]));
    expect(patch.members?.changes.size).toBe(6);
    expect(patch.members?.changes.get(first!.index)?.progress).toBe(0.9);
    expect(folded(members(27), members(28, [later])).members?.changes.size).toBe(1);
  });

  test("a gap touches every part, a refusal those that it changes", () => {
    expect([...folded({ type: "missed" }).touched].sort()).toEqual([
      ...["attempts", "evaluations", "openRound", "participants", "refusals", "rounds", "run"],
    ]);
    expect([...folded(refusal).touched]).toEqual(["refusals", "participants"]);
  });

  test("what is held has a bound: a tab may be hidden for days", () => {
    const events = Array.from({ length: maxHeldRounds + 5 }, (_, at) => round(at + 1));
    const patch = folded(...events);
    expect(patch.rounds).toHaveLength(maxHeldRounds);
    expect(patch.touched.has("rounds")).toBe(true);
  });
});

describe("lists", () => {
  const list = (...rounds: readonly number[]) =>
    rounds.map((number) => ({ round: number, text: "" }));

  test("a round is put at its place, a repeated one replaces what was there", () => {
    expect(patchedList(list(1, 2), list(3), { isDense: true })).toEqual(list(1, 2, 3));
    const again = [{ round: 2, text: "new" }];
    expect(patchedList(list(1, 2), again, { isDense: true })?.[1]?.text).toBe("new");
  });

  test("a gap is seen in a list that has every round, and is none in one that has not", () => {
    expect(patchedList(list(1, 2), list(4), { isDense: true })).toBeNull();
    expect(patchedList(list(0, 5), list(10), { isDense: false })).toEqual(list(0, 5, 10));
  });

  test("any order of events gives the list in order, each round once", () => {
    const some = fc.uniqueArray(fc.nat(50), { maxLength: 30 });
    fc.assert(
      fc.property(some, fc.array(fc.nat(50), { maxLength: 30 }), (known, told) => {
        const sorted = list(...known.sort((a, b) => a - b));
        const next = patchedList(sorted, list(...told), { isDense: false }) ?? [];
        const wanted = [...new Set([...known, ...told])].sort((a, b) => a - b);
        expect(next.map((item) => item.round)).toEqual(wanted);
      }),
    );
  });
});

describe("the cache", () => {
  function filled() {
    const cache = new QueryClient();
    cache.setQueryData(keys.run(sampleRun), details, { updatedAt: 1_000 });
    cache.setQueryData(keys.rounds(sampleRun), history.rounds, { updatedAt: 1_000 });
    return cache;
  }
  const read = (cache: QueryClient) => cache.getQueryData<typeof details>(keys.run(sampleRun));

  test("takes a state with the time at which it was told, since its countdown runs from then", () => {
    const cache = filled();
    applyPatch(
      { cache, run: sampleRun, nowMs: 9_000 },
      folded({ type: "state", state: { ...state, present: 5 } }),
    );
    expect(read(cache)?.state.present).toBe(5);
    expect(cache.getQueryState(keys.run(sampleRun))?.dataUpdatedAt).toBe(9_000);
  });

  test("takes a round without making the countdown new", () => {
    const cache = filled();
    const touched = applyPatch({ cache, run: sampleRun, nowMs: 9_000 }, folded(round(27)));
    expect(read(cache)?.committedRounds).toBe(27);
    expect(cache.getQueryState(keys.run(sampleRun))?.dataUpdatedAt).toBe(1_000);
    expect(cache.getQueryData<readonly unknown[]>(keys.rounds(sampleRun))).toHaveLength(27);
    expect(touched.has("rounds")).toBe(false);
  });

  test("has rounds read anew where there is a gap, or nothing was read yet", () => {
    const place = { run: sampleRun, nowMs: 9_000 };
    expect(applyPatch({ ...place, cache: filled() }, folded(round(29))).has("rounds")).toBe(true);
    expect(applyPatch({ ...place, cache: new QueryClient() }, folded(round(1))).has("rounds")).toBe(
      true,
    );
  });

  test("says that the run has ended, and keeps its members", () => {
    const cache = filled();
    const ended: RunEvent = { type: "state", state: { ...state, phase: "stopped" } };
    applyPatch({ cache, run: sampleRun, nowMs: 9_000 }, folded(ended, members(27)));
    expect(read(cache)?.status).toBe("stopped");
    expect(cache.getQueryData<MembersPatch>(feedKeys.members(sampleRun))?.changes.size).toBe(6);
  });
});

describe("batches", () => {
  function batches() {
    const flushed: number[][] = [];
    const page = testFrames();
    const batcher = startBatcher<number, number[]>(page.ports, {
      ...{ empty: [], fold: (batch, item) => [...batch, item] },
      flush: (batch) => flushed.push(batch),
    });
    return { batcher, page, flushed };
  }

  test("one per frame, with all that came in between", () => {
    const { batcher, page, flushed } = batches();
    for (const item of [1, 2, 3]) batcher.add(item);
    expect(flushed).toEqual([]);
    expect(page.waiting).toHaveLength(1);
    page.draw();
    batcher.add(4);
    page.draw();
    page.draw();
    expect(flushed).toEqual([[1, 2, 3], [4]]);
  });

  test("a hidden page gathers, and has all of it when it is looked at", () => {
    const { batcher, page, flushed } = batches();
    page.show(false);
    for (const item of [1, 2]) batcher.add(item);
    expect(page.waiting).toHaveLength(0);
    page.show(true);
    page.draw();
    expect(flushed).toEqual([[1, 2]]);
  });

  test("a closed one hands over nothing", () => {
    const { batcher, page, flushed } = batches();
    batcher.add(1);
    batcher.close();
    page.draw();
    expect(flushed).toEqual([]);
  });
});

describe("reading anew", () => {
  test("is at once, then at most once per pause, with everything that was touched meanwhile", () => {
    const clock = virtualClock(() => Promise.resolve());
    const reads: (readonly RunPart[])[] = [];
    const touched = touchedParts(clock, (parts) => reads.push([...parts]));
    touched.add(["run"]);
    touched.add(["run"]);
    touched.add(["rounds"]);
    expect(reads).toEqual([["run"]]);
    clock.advance();
    expect(reads).toEqual([["run"], ["run", "rounds"]]);
    clock.advance();
    clock.advance();
    expect(reads).toHaveLength(2);
  });
});
