import { virtualClock } from "@fedtune/core";
import { expect, test } from "vitest";
import { keepPace } from "./pace.ts";

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Steps of `step` ms of virtual time; gives the time at which each began. */
function walk(share: number, step: number) {
  const clock = virtualClock(settle);
  const pace = keepPace(share, { ...clock, turn: () => Promise.resolve() });
  const work = async (count: number): Promise<number[]> => {
    const began: number[] = [];
    pace.begin();
    for (let index = 0; index < count; index++) {
      await pace.pause();
      began.push(clock.now());
      await new Promise<void>((resolve) => clock.after(step, resolve));
    }
    return began;
  };
  return { clock, pace, work };
}

test.each([
  [1, [0, 10, 20, 30]],
  [0.5, [0, 20, 40, 60]],
  [0.25, [0, 40, 80, 120]],
])("at a share of %d steps of 10 ms begin at %j", async (share, times) => {
  const { clock, work } = walk(share, 10);
  expect(await clock.runUntil(work(4))).toEqual(times);
});

test("what passes between two jobs is no step", async () => {
  const { clock, work } = walk(0.5, 10);
  await clock.runUntil(work(2));
  const free = new Promise<void>((resolve) => clock.after(1000, resolve));
  await clock.runUntil(free);
  const begun = clock.now();
  expect(await clock.runUntil(work(2))).toEqual([begun, begun + 20]);
});

test("a share of 0 holds until it is more", async () => {
  const { clock, pace, work } = walk(0, 10);
  const walked = work(2);
  clock.after(500, () => pace.set(1));
  expect(await clock.runUntil(walked)).toEqual([500, 510]);
});

test("what wakes ends one wait, whatever the pace", async () => {
  const { clock, pace } = walk(0, 10);
  const paused = pace.pause();
  clock.after(70, () => pace.wake());
  await clock.runUntil(paused);
  expect(clock.now()).toBe(70);
});

test.each([
  [-1, 0],
  [7, 1],
])("a share of %d is taken as %d", async (given, taken) => {
  const { clock, pace, work } = walk(0.5, 10);
  pace.set(given);
  if (taken === 0) clock.after(300, () => pace.set(1));
  expect(await clock.runUntil(work(2))).toEqual(taken === 0 ? [300, 310] : [0, 10]);
});
