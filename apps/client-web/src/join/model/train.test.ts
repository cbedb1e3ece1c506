import { describe, expect, test } from "vitest";
import type { ParticipantSnapshot, RoundWork } from "../../participant/index.ts";
import {
  nowMs,
  outcomes,
  promise,
  road,
  scene,
  session,
  snapshotOf,
  transfers,
  updateBytes,
  work,
} from "../test-support/fixture.ts";
import { curveView } from "./curve.ts";
import { phasesView } from "./phases.ts";
import { ribbonView } from "./ribbon.ts";
import { trainPageView } from "./train.ts";
import type { TrainStage } from "./train.ts";
import { logLines } from "./transfers.ts";

const training: TrainStage = { kind: "training", ...road };

const pageOf = (stage: TrainStage, change: Partial<ParticipantSnapshot> = {}) =>
  trainPageView(stage, snapshotOf(stage, change), scene);

const atPhase = (change: Partial<RoundWork>): TrainStage => ({
  ...training,
  session: { ...session, work: { ...work, ...change } },
});

describe("round 12 of the sample run", () => {
  const page = pageOf(training);

  test("says what it does, how long it takes and how long the round stays open", () => {
    expect(page.title).toBe("Round 12 of 40: learning from your 1,842 messages");
    expect(page.lead).toBe(
      "Your part of this round takes about 14\u202Fs more. The round stays open for 3\u202Fmin 10\u202Fs, so you are in good time.",
    );
    expect(page.state).toBe("Round 12");
    expect(page.left).toBe("about 2\u202Fh left");
    expect(page.messages).toEqual([]);
  });

  test("has three figures that follow from the session", () => {
    expect(page.sent).toEqual({ value: "1.18\u202FMB", note: "8 × 148\u202FkB, no message" });
    expect(page.privacy).toEqual({
      value: "1.53",
      of: "of 3.00",
      share: 0.51,
      picture: "Privacy used: 1.53 of 3.00",
      tone: "privacy",
    });
    expect(page.here).toEqual({ value: "1,842 messages", note: "and your 41,484 own numbers" });
  });

  test("receipts are told where they show in the sum", () => {
    const few = transfers.filter(({ round }) => round === null || round <= 2);
    const bytesUp = 2 * updateBytes + 2600;
    const stage = { ...training, session: { ...session, transfers: few, bytesUp } };
    expect(pageOf(stage).sent.note).toBe("2 × 148\u202FkB and 2.6\u202FkB of receipts, no message");
  });

  test("may be paused and left", () => {
    expect([page.action, page.canLeave]).toEqual(["pause", true]);
    expect(page.leaveText).toContain("1.18\u202FMB");
    expect(page.leaveText).toContain("41,484");
  });
});

describe("every stage of training", () => {
  const problem = { code: "training-failed", message: "x", data: {}, retryable: true } as const;
  test.each([
    [{ kind: "starting", ...road }, "pause", "Getting ready"],
    [{ kind: "paused", by: "holder", ...road }, "resume", "Training is paused"],
    [{ kind: "paused", by: "battery", ...road }, "resume", "Training is paused"],
    [{ kind: "paused", by: "mains-wanted", ...road }, "resume", "Training is paused"],
    [{ kind: "elsewhere", ...road }, "take-over", "Another tab is training"],
    [{ kind: "failed", problem, ...road }, "retry", "Training has stopped"],
    [{ ...training, session: { ...session, work: null } }, "pause", "Waiting for the next round"],
  ] as const satisfies readonly (readonly [TrainStage, unknown, string])[])(
    "%#",
    (stage, action, title) => {
      const page = pageOf(stage);
      expect(page.action).toBe(action);
      expect(page.title).toBe(title);
      expect(page.lead).toMatch(/\.$/);
    },
  );

  test("the charge of a battery that is low is named", () => {
    const stage = { kind: "paused", by: "battery", ...road } as const;
    const page = pageOf(stage, { power: { source: "battery", charge: 0.19 } });
    expect(page.lead).toContain("19\u202F%");
  });

  test("a lost connection is told after three seconds, with the time that is left", () => {
    const since = (ms: number): TrainStage => ({
      ...training,
      session: { ...session, connection: { kind: "reconnecting", since: nowMs - ms } },
    });
    expect(pageOf(since(1000)).messages).toEqual([]);
    expect(pageOf(since(4000)).messages.map(({ text }) => text)).toEqual([
      "Training goes on; what is ready will be sent when the connection is back. The round is open for 3\u202Fmin 10\u202Fs more.",
    ]);
  });

  test("what was dealt with by itself is told", () => {
    const notices = [
      { kind: "backend-lost", at: nowMs, from: "webgpu", to: "wasm", round: 12, step: 37 },
      { kind: "clock-wrong", at: nowMs, offsetMs: -190_000 },
      { kind: "state-lost", at: nowMs },
    ] as const;
    const page = pageOf({ ...training, session: { ...session, notices } });
    expect(page.messages.map(({ kind }) => kind)).toEqual([
      "gpu-lost",
      "clock-wrong",
      "state-lost",
    ]);
    expect(page.messages[0]?.text).toContain("from step 37");
  });
});

describe("the round's time", () => {
  test.each([
    [{ secondsLeft: 14 }, 190, "in good time"],
    [{ secondsLeft: 180 }, 190, "may be close"],
    [{ secondsLeft: 20 }, -5, "takes about 20"],
    [{ secondsLeft: null }, 190, "known after the first steps"],
  ])("%#", (learn, openSeconds, said) => {
    const stage = atPhase({
      learn: { ...work.learn, ...learn },
      closesAt: nowMs + 1000 * openSeconds,
    });
    expect(pageOf(stage).lead).toContain(said);
  });
});

describe("the phases of a round", () => {
  const facts = { upBytes: updateBytes, subjects: "messages" };

  test("what is done, what is going on, what comes", () => {
    const view = phasesView(work, facts);
    expect(view.phases.map(({ state }) => state)).toEqual(["done", "now", "next", "next", "next"]);
    expect(view.phases.map(({ name }) => name)).toEqual([
      ...["Receive", "Learn, 64\u202F%", "Add noise", "Send", "Confirmed"],
    ]);
    expect(view.step).toBe("step 37 of 58");
    expect(view.valueText).toBe("step 37 of 58, learning");
    expect(view.phoneText).toBe(
      "**Learning, 64\u202F%.** Then: add noise, send 148\u202FkB, wait for the receipt.",
    );
  });

  test("without noise there is no such phase", () => {
    const view = phasesView({ ...work, addsNoise: false }, facts);
    expect(view.phases.map(({ phase }) => phase)).toEqual(["receive", "learn", "send", "confirm"]);
  });

  test.each(["receive", "protect", "send", "confirm"] as const)(
    "while it is to %s, nobody knows how far it is",
    (phase) => {
      const { phases } = phasesView({ ...work, phase }, facts);
      expect(phases.find(({ state }) => state === "now")?.share).toBeNull();
      expect(pageOf(atPhase({ phase })).title).toMatch(/^Round 12 of 40: /);
    },
  );
});

describe("the ribbon", () => {
  test("one cell per round, and a key that adds up", () => {
    const view = ribbonView(session);
    expect(view.cells).toHaveLength(40);
    expect(view.key.map(({ text }) => text)).toEqual([
      ...["8 accepted", "1 missed", "2 not asked", "28 to come"],
    ]);
    expect(view.sentence).toBe(
      "40 rounds: 8 accepted, 1 missed, 2 not asked, round 12 in progress, 28 to come",
    );
    expect(view.cells[11]).toEqual({ first: 12, last: 12, state: "now", share: 37 / 58 });
    expect(view.list[8]).toBe("Round 9: missed");
  });

  test("counts always add up to all rounds, however many share a cell", () => {
    for (const totalRounds of [12, 80, 81, 1000, 10_000]) {
      const view = ribbonView({ ...session, totalRounds });
      const counts = view.key.map(({ text }) => Number(text.replace(/\D.*$/, "").replace(",", "")));
      const all = view.key.map(({ text }) => Number(text.split(" ")[0]?.replace(",", "")));
      expect(all.reduce((total, count) => total + count, 0)).toBe(totalRounds - 1);
      expect(counts).toHaveLength(view.key.length);
      expect(view.cells.length).toBeLessThanOrEqual(80);
      expect(view.cells.at(-1)?.last).toBe(totalRounds);
    }
  });

  test("rounds before this device came are told apart from those it was not asked in", () => {
    const view = ribbonView({ ...session, rounds: outcomes.slice(4) });
    expect(view.key.map(({ text }) => text)).toContain("4 before you came");
  });
});

describe("the curve", () => {
  test("a missing round is a gap", () => {
    const { chart, empty } = curveView(road);
    const [own] = chart.series;
    expect(own?.x.length).toBe(12);
    expect([own?.y[8], own?.y[9], own?.y[10]]).toEqual([0.804, NaN, 0.815]);
    expect(chart.marks).toEqual([{ x: 9, label: "missed", side: "left" }]);
    expect(own?.endLabel).toBe("82.6\u202F% now");
    expect(chart.foot).toMatch(/^Tested on 184 of your messages.* It is exact: pass it on/);
    const open = { ...road.invitation, privacy: { mode: "none" } as const };
    expect(curveView({ ...road, invitation: open }).chart.foot).not.toContain("exact");
    expect(empty).toBeNull();
  });

  test("where no round brought a value there is nothing to wait for", () => {
    const accuracy = { ...session, accuracy: [] };
    const none = { ...road.invitation, privacy: { mode: "none" } as const };
    const without = { ...road, invitation: none };
    expect(curveView({ ...road, session: accuracy }).isExpected).toBe(false);
    expect(curveView({ ...without, session: accuracy }).isExpected).toBe(false);
    expect(curveView({ ...without, session: { ...accuracy, rounds: [] } }).isExpected).toBe(true);
    expect(curveView(road).isExpected).toBe(true);
  });

  test("before the first value it says when that comes", () => {
    const view = curveView({ ...road, session: { ...session, accuracy: [] } });
    expect(view.empty).toContain("first round");
    expect(view.chart.series[0]?.endLabel).toBeNull();
  });
});

describe("everything that was sent", () => {
  const lines = logLines(session, scene);

  test("the latest first, missed rounds with what they cost: nothing", () => {
    expect(
      lines.slice(0, 3).map(({ time, what, bytes, result }) => [time, what, bytes, result]),
    ).toEqual([
      ["14:02:11", "Round 11", "148\u202FkB", "Accepted"],
      ["13:58:40", "Round 10", "148\u202FkB", "Accepted"],
      ["13:55:02", "Round 9", "0\u202FB", "Missed, this device was asleep. Nothing is lost."],
    ]);
  });

  test("receipts and device facts are in the list too, so that it adds up to what was sent", () => {
    expect(lines.at(-1)?.what).toBe("All rounds");
    expect(lines).toHaveLength(8 + 1 + 1);
  });

  test("what is on its way waits for its receipt", () => {
    const sent = { ...transfers[2]!, round: 12, at: nowMs };
    const [first] = logLines({ ...session, transfers: [...transfers, sent] }, scene);
    expect(first).toMatchObject({ what: "Round 12", result: "Waiting for the receipt" });
  });

  test.each([
    ["late", null, "Too late. It was not used."],
    ["refused", "norm-exceeded", "Refused. They were too large."],
    ["refused", null, "Refused. Your file was not damaged."],
    ["declined", "training-failed", "Missed, this device could not do it. Nothing is lost."],
  ] as const)("%s %s", (result, code, said) => {
    const rounds = [{ ...outcomes[0]!, result, code }];
    expect(logLines({ rounds, transfers: [], messageBytesUp: 0 }, scene)[0]?.result).toBe(said);
  });
});

describe("privacy without a record of this device", () => {
  const seeded = { ...road.invitation, privacy: { ...promise, isSeeded: true } };
  const none = { ...road.invitation, privacy: { mode: "none" } as const };
  test.each([
    [none, "no promise"],
    [seeded, "no promise"],
  ])("%#", (invitation, value) => {
    expect(pageOf({ ...training, invitation, privacy: null }).privacy).toMatchObject({
      value,
      tone: "bad",
    });
  });

  test("noise of the server: what the run says of its end", () => {
    expect(pageOf({ ...training, privacy: null }).privacy).toEqual({
      value: "3.00",
      note: "at the end of the run",
      tone: "privacy",
    });
  });
});
