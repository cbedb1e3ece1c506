import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Transfer } from "../session-report.ts";
import type { Happening } from "./happenings.ts";
import { isKept } from "./happenings.ts";
import { noMemory, remember } from "./report.ts";
import type { SessionMemory } from "./report.ts";

const t0 = Date.UTC(2026, 10, 20, 14);
const play = (happenings: readonly Happening[], from: SessionMemory = noMemory): SessionMemory =>
  happenings.reduce(remember, from);
const joined: Happening = { type: "joined", at: t0, committed: 2, total: 10 };
const ordered = (round: number, at = t0): Happening => ({
  ...{ type: "ordered", round, attempt: 1, at, deadlineMs: 60_000, addsNoise: true },
});
const accepted = (round: number, at = t0): Happening => ({
  ...{ type: "answered", round, result: "accepted", code: null, message: null, bytes: 148, at },
});
const away = (because: "paused" | "asleep" | "closed"): Happening => ({
  ...{ type: "away", because, at: t0 },
});
const up = (round: number, bytes = 148): Happening => {
  const facts = { at: t0, direction: "up", what: "update", seconds: 1, isComplete: true } as const;
  return { type: "transfer", transfer: { ...facts, round, bytes } satisfies Transfer };
};
const ribbon = ({ report }: SessionMemory): readonly string[] =>
  report.rounds.map(({ round, result, because }) => `${round} ${because ?? result}`);

describe("the rounds of a session", () => {
  it("are known from the one that was open at joining; one that went by without an order was not asked for", () => {
    const memory = play([joined, ordered(3), accepted(3), ordered(6), accepted(6)]);
    expect(ribbon(memory)).toEqual(["3 accepted", "4 not-asked", "5 not-asked", "6 accepted"]);
  });

  it.each(["paused", "asleep", "closed"] as const)(
    "that go by while the device is %s are missed, until the next order",
    (because) => {
      const memory = play([joined, ordered(3), accepted(3), away(because), ordered(5)]);
      expect(ribbon(memory)).toEqual(["3 accepted", `4 ${because}`]);
      expect(ribbon(play([accepted(5), ordered(7), accepted(7)], memory)).slice(2)).toEqual([
        "5 accepted",
        "6 not-asked",
        "7 accepted",
      ]);
    },
  );

  it("whose order was taken and never answered is missed, as too slow when nothing else is known", () => {
    expect(ribbon(play([joined, ordered(3), ordered(4)]))).toEqual(["3 slow"]);
    expect(ribbon(play([joined, ordered(3), away("asleep"), ordered(4)]))).toEqual(["3 asleep"]);
  });

  it("that are called off are missed with the reason; a repeated attempt takes its place", () => {
    const off = (code: "late-update" | "quorum-missed"): Happening => ({
      ...{ type: "called-off", round: 3, code, at: t0 },
    });
    expect(ribbon(play([joined, ordered(3), off("late-update")]))).toEqual(["3 slow"]);
    const again = [joined, ordered(3), off("quorum-missed")];
    expect(ribbon(play(again))).toEqual(["3 called-off"]);
    expect(ribbon(play([...again, ordered(3), accepted(3)]))).toEqual(["3 accepted"]);
    expect(ribbon(play([joined, ordered(3), accepted(3), off("late-update")]))).toEqual([
      "3 accepted",
    ]);
  });

  it("up to the run's last are known when it ends", () => {
    const end: Happening = { type: "ended", rounds: 5, at: t0 };
    expect(ribbon(play([joined, ordered(3), accepted(3), end]))).toEqual([
      ...["3 accepted", "4 not-asked", "5 not-asked"],
    ]);
  });

  it("never stand twice and never out of order, whatever happens; every order is settled or at hand", () => {
    const round = fc.integer({ min: 1, max: 12 });
    const happening = fc.oneof(
      round.map((k) => ordered(k)),
      round.map((k) => accepted(k)),
      fc.constantFrom(away("paused"), away("asleep")),
      round.map((k): Happening => ({
        ...{ type: "called-off", round: k, code: "quorum-missed", at: t0 },
      })),
      round.map((k): Happening => ({ type: "ended", rounds: k, at: t0 })),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (list) => {
        const { report } = play([joined, ...list]);
        const numbers = report.rounds.map((outcome) => outcome.round);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        for (const past of list)
          if (past.type === "answered") expect(numbers).toContain(past.round);
      }),
    );
  });
});

describe("the round at hand", () => {
  const at = (ms: number): number => t0 + ms;
  const way: readonly Happening[] = [
    ordered(3),
    { type: "received", round: 3, bytes: 148, seconds: 0.4, at: at(400) },
    { type: "step", round: 3, done: 0, total: 4, loss: null, at: at(1_000) },
    { type: "step", round: 3, done: 1, total: 4, loss: 0.7, at: at(3_000) },
    { type: "trained", round: 3, at: at(9_000) },
    { type: "sending", round: 3, bytes: 147, at: at(9_500) },
    { type: "sent", round: 3, at: at(10_500) },
  ];
  const after = (count: number) => play([joined, ...way.slice(0, count)]).report;

  it("goes through its phases, with what each has taken", () => {
    expect(way.map((_, k) => after(k + 1).work?.phase)).toEqual([
      ...["receive", "receive", "learn", "learn", "protect", "send", "confirm"],
    ]);
    expect(after(4).work?.learn).toMatchObject({ done: 1, total: 4, loss: 0.7, secondsLeft: 6 });
    expect(after(7).work).toMatchObject({
      ...{ startedAt: t0, closesAt: at(60_000), addsNoise: true },
      ...{ receive: { bytes: 148, seconds: 0.4 }, send: { bytes: 147, seconds: 1 } },
    });
    expect(after(5).stepsPerSecond).toBeCloseTo(1 / 8);
  });

  it("is over when it is answered, and what is said of another round does not touch it", () => {
    expect(play([joined, ...way, accepted(3)]).report.work).toBeNull();
    const memory = play([joined, ...way]);
    expect(remember(memory, accepted(2)).report.work).toBe(memory.report.work);
  });
});

describe("what is counted", () => {
  it("[RE15] bytes are the sum of the transfers and of the control messages, by direction", () => {
    const messages: Happening = { type: "messages", bytesUp: 30, bytesDown: 70 };
    const memory = play([joined, up(3), up(3, 100), messages]);
    expect(memory.report).toMatchObject({ bytesUp: 278, bytesDown: 70, messageBytesUp: 30 });
    expect(memory.report.transfers).toHaveLength(2);
  });

  it("the time that is left is the middle one of the last rounds', once two followed one another", () => {
    const minute = 60_000;
    const memory = play([joined, accepted(3, t0)]);
    expect(memory.report.secondsLeft).toBeNull();
    const later = play([accepted(4, t0 + minute), accepted(5, t0 + 2 * minute)], memory);
    expect(later.report.secondsLeft).toBe(5 * 60);
  });

  it("a clock that is two minutes off is told of once", () => {
    const clock = (offsetMs: number): Happening => ({ type: "clock", offsetMs, at: t0 });
    expect(play([clock(60_000)]).report).toMatchObject({ clockOffsetMs: 60_000, notices: [] });
    const wrong = play([clock(-180_000), clock(-180_500)]).report;
    expect(wrong.notices).toEqual([{ kind: "clock-wrong", at: t0, offsetMs: -180_000 }]);
  });

  it("[CL2] what is kept over a reload gives the same rounds, transfers, bytes and accuracy", () => {
    const accuracy: Happening = {
      type: "accuracy",
      accuracy: { round: 3, accuracy: 0.8, loss: 0.5, examples: 20 },
    };
    const all = [joined, ordered(3), up(3), accepted(3), accuracy, away("closed"), ordered(5)];
    const before = play(all).report;
    const again = play(all.filter(isKept)).report;
    const picked = ({ transfers, bytesUp, accuracy: own }: typeof before) => ({
      ...{ transfers, bytesUp, own },
    });
    expect(picked(again)).toEqual(picked(before));
    expect(ribbon(play([ordered(5)], play(all.filter(isKept))))).toEqual([
      "3 accepted",
      "4 closed",
    ]);
  });
});
