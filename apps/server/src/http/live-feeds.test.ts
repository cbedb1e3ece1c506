import { maxFollowed } from "@fedtune/api";
import { FedtuneError, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventRing } from "./event-ring.ts";
import type { EventRing } from "./event-ring.ts";
import { liveFeeds } from "./live-feeds.ts";
import type { RunEvent } from "./run-service.ts";

const run = runId("toy");

/** An event that bears a number. */
const numbered = (number: number): RunEvent => ({
  ...{ type: "abandoned", attempt: { round: number, attempt: 1, code: "timeout" } },
});
const numberIn = (event: RunEvent): number =>
  event.type === "abandoned" ? event.attempt.round : Number.NaN;

function ringOf(capacity: number, newest: () => number, admit = () => {}): EventRing<RunEvent> {
  return eventRing<RunEvent>({
    ...{ name: "r", capacity, admit, missed: { type: "missed" } },
    // Two events say how things are; the id comes with the second.
    current: () => [{ type: "missed" }, numbered(newest())],
  });
}

/** A reader whose line takes so many events before it is full. */
function lineOf(room: number) {
  const waiting: { event: RunEvent; id: string | null }[] = [];
  const heard: { event: RunEvent; id: string | null }[] = [];
  const ends: boolean[] = [];
  const outlet = {
    event(_run: RunId, id: string | null, event: RunEvent) {
      waiting.push({ event, id });
    },
    end: (_run: RunId, forGood: boolean) => void ends.push(forGood),
    isFull: () => waiting.length >= room,
  };
  return { outlet, waiting, heard, ends, take: () => void heard.push(...waiting.splice(0)) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the feeds of a live reader", () => {
  it("[AP4] over any cuts and slowness each event is heard once and in order, or said to be missed; what waits is bounded", async () => {
    const step = fc.constantFrom("push", "push", "push", "take", "follow", "unfollow", "cut");
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, capacity, room) => {
          let pushed = 0;
          const ring = ringOf(capacity, () => pushed);
          const runs = { follow: () => Promise.resolve(ring) };
          const heard: { event: RunEvent; id: string | null }[] = [];
          let line = lineOf(room);
          let feeds = liveFeeds(runs, line.outlet);
          const lastId = () => heard.findLast(({ id }) => id !== null)?.id ?? "r-0";
          const take = (): void => {
            line.take();
            heard.push(...line.heard.splice(0));
            feeds.drained();
          };
          /** Until nothing is on its way: who asks before that is told some of it twice. */
          const takeAll = (): void => {
            for (let turn = 0; turn < 100 && line.waiting.length > 0; turn++) take();
          };
          for (const what of steps) {
            if (what === "push") ring.push(numbered(++pushed));
            else if (what === "take") take();
            else if (what === "unfollow") feeds.unfollow(run);
            else if (what === "follow") {
              takeAll();
              await feeds.follow(run, lastId());
            } else {
              // What was on its way is lost, as on a line that is cut.
              feeds.close();
              line = lineOf(room);
              feeds = liveFeeds(runs, line.outlet);
            }
            // How things are comes whole: two events, after the word that some were missed.
            expect(line.waiting.length).toBeLessThan(room + 3);
            expect(ring.readers()).toBeLessThanOrEqual(1);
          }
          takeAll();
          await feeds.follow(run, lastId());
          takeAll();
          let next = 1;
          let isGap = false;
          for (const { event } of heard) {
            if (event.type === "missed") isGap = true;
            else {
              if (isGap) expect(numberIn(event)).toBeGreaterThanOrEqual(next - 1);
              else expect(numberIn(event)).toBe(next);
              next = numberIn(event) + 1;
              isGap = false;
            }
          }
          expect(next).toBe(pushed + 1);
          feeds.close();
          expect(ring.readers()).toBe(0);
        },
      ),
    );
  });

  it("a reader who stands still hears of the end after what it missed", async () => {
    const ring = ringOf(9, () => 0);
    const line = lineOf(1);
    const feeds = liveFeeds({ follow: () => Promise.resolve(ring) }, line.outlet);
    await feeds.follow(run, "r-0");
    for (const number of [1, 2]) ring.push(numbered(number));
    ring.end(true);
    expect([line.waiting.length, line.ends]).toEqual([1, []]);
    for (let turn = 0; turn < 3; turn++) {
      line.take();
      feeds.drained();
    }
    expect(line.heard.map(({ event }) => numberIn(event))).toEqual([1, 2]);
    expect(line.ends).toEqual([true]);
  });

  it("the last word counts when it comes before a feed is found", async () => {
    const ring = ringOf(9, () => 7);
    const found: ((ring: EventRing<RunEvent>) => void)[] = [];
    const runs = {
      follow: () => new Promise<EventRing<RunEvent>>((resolve) => found.push(resolve)),
    };
    const line = lineOf(9);
    const feeds = liveFeeds(runs, line.outlet);
    const words = [feeds.follow(run, null), feeds.follow(run, "r-0")];
    for (const find of found) find(ring);
    await Promise.all(words);
    expect(ring.readers()).toBe(1);
    expect(line.waiting).toEqual([]);
    const late = feeds.follow(run, null);
    feeds.unfollow(run);
    found[2]!(ring);
    await late;
    expect([ring.readers(), line.waiting]).toEqual([0, []]);
  });

  it("follows no more runs than it may, and forgets those that cannot be followed", async () => {
    const ring = ringOf(9, () => 0);
    let isKnown = true;
    const unknown = new FedtuneError("run-unknown", "Cannot find it");
    const runs = { follow: () => (isKnown ? Promise.resolve(ring) : Promise.reject(unknown)) };
    const feeds = liveFeeds(runs, lineOf(1_000).outlet);
    for (let at = 0; at < maxFollowed; at++) await feeds.follow(runId(`run-${at}`), null);
    await feeds.follow(runId("run-0"), null);
    await expect(feeds.follow(run, null)).rejects.toMatchObject({ code: "rate-limited" });
    feeds.unfollow(runId("run-0"));
    isKnown = false;
    await expect(feeds.follow(run, null)).rejects.toMatchObject({ code: "run-unknown" });
    isKnown = true;
    await feeds.follow(run, null);
    expect(ring.readers()).toBe(maxFollowed);
  });

  it("is told to ask again when there is no room for it any more", async () => {
    let isOpen = true;
    const ring = ringOf(
      9,
      () => 0,
      () => {
        if (!isOpen) throw new FedtuneError("rate-limited", "Cannot follow");
      },
    );
    const line = lineOf(1);
    const feeds = liveFeeds({ follow: () => Promise.resolve(ring) }, line.outlet);
    await feeds.follow(run, "r-0");
    ring.push(numbered(1));
    isOpen = false;
    line.take();
    feeds.drained();
    await settled();
    expect(line.ends).toEqual([false]);
  });
});
