import { describe, expect, it } from "vitest";
import {
  arrived,
  delivered,
  hash,
  joined,
  play,
  rules,
  start,
  stored,
  types,
} from "../test-support/round-play.ts";
import type { OpenAttempt } from "../store/store.ts";
import { initialState } from "./state.ts";
import type { LeftRun } from "./state.ts";
import { countRefusals, leftRun } from "./take-up.ts";
import type { LeftAttempt, RoundEvent } from "./types.ts";

const of = rules({ minAvailableClients: 3, restartGraceMs: 70, roundTimeoutMs: 900 });
const update = (index: number, attempt = 1) => ({ index, attempt, hash: hash(index) });
const attempt: LeftAttempt = {
  ...{ attempt: 1, cohort: [0, 1, 2], target: 3, status: "open" },
  ...{ accepted: [], refused: [], updates: [update(1)] },
};
const grace = (index: number): RoundEvent => ({ type: "timer", timer: `grace-${index}` });

function taken(change: Partial<LeftAttempt> = {}, run: Partial<LeftRun> = {}, by = of) {
  const left = { round: 0, attempt: { ...attempt, ...change }, ...run };
  return play(by, [start], initialState(left));
}

describe("an attempt that an earlier process left open", () => {
  it("[RE10] goes on with its cohort and what it had; the others have the restart grace, the round its whole time", () => {
    const [state, effects] = taken();
    expect(state).toMatchObject({ phase: "collecting", round: 1, attempt: 1, target: 3 });
    expect(state.cohort.map(({ status, away }) => [status, away])).toEqual([
      ["ordered", true],
      ["accepted", false],
      ["ordered", true],
    ]);
    expect(effects).toEqual([
      { type: "startTimer", timer: "round", ms: 900 },
      { type: "startTimer", timer: "grace-0", ms: 70 },
      { type: "startTimer", timer: "grace-2", ms: 70 },
    ]);
  });

  it("[RE10] orders again who comes back, acknowledges again what it has, and closes with all", () => {
    const [back, orders] = play(of, [joined(0)], taken()[0]);
    expect(orders).toEqual([
      { type: "stopTimer", timer: "grace-0" },
      { type: "order", index: 0, round: 1, attempt: 1 },
    ]);
    const [known, answers] = play(of, [joined(1), arrived(1)], back);
    expect(answers).toEqual([{ type: "accept", index: 1, round: 1, hash: hash(1) }]);
    const [closed, effects] = play(of, [...delivered(0), joined(2), ...delivered(2)], known);
    expect(closed.phase).toBe("aggregating");
    expect(effects.at(-1)).toMatchObject({ type: "aggregate", accepted: [0, 1, 2], sampled: 3 });
  });

  it("[RE10] takes an update that comes before its client has joined", () => {
    const [state, effects] = play(of, [arrived(0), stored(0)], taken()[0]);
    expect(effects).toEqual([{ type: "accept", index: 0, round: 1, hash: hash(0) }]);
    expect(state.counts).toMatchObject({ accepted: 2, ordered: 1, storing: 0 });
  });

  it("[RE12] goes on without members that do not come back, when the others make the quorum", () => {
    const [state] = play(of, [grace(0), grace(2)], taken({ updates: [update(1), update(0)] })[0]);
    expect(state.phase).toBe("aggregating");
    const [again] = play(of, [grace(0), grace(2)], taken()[0]);
    expect(again).toMatchObject({ phase: "waiting", attempt: 2, stored: [update(1)].map(named) });
  });

  it("[RE10] closes at once when everything was there already, also an empty draw", () => {
    const whole = taken({ updates: [update(0), update(1), update(2)] });
    expect(types(whole[1]).slice(-2)).toEqual(["close", "aggregate"]);
    expect(taken({ cohort: [], target: 0, updates: [] })[0].phase).toBe("aggregating");
  });

  it("[RE8] does not wait for whose update was refused for what it is", () => {
    const [state] = taken({ refused: [0], updates: [update(1), update(2)] });
    expect(state.phase).toBe("aggregating");
  });

  it("[RE11] can be stopped before and after it is taken up", () => {
    const left = initialState({ round: 0, attempt });
    expect(play(of, [{ type: "stop" }, start], left)[0].phase).toBe("stopped");
    expect(play(of, [start, { type: "stop" }], left)[0].phase).toBe("stopped");
  });
});

const named = ({ index, hash: its }: { index: number; hash: string }) => ({ index, hash: its });

describe("an attempt that an earlier process ended", () => {
  it("[RE10] closed: is aggregated again, from the same updates, in whatever order clients come back", () => {
    const updates = [update(0), update(1), update(2)];
    const [state, effects] = taken({ status: "closed", accepted: [0, 2], updates });
    expect(effects).toEqual([{ type: "aggregate", round: 1, accepted: [0, 2], sampled: 3 }]);
    const [, refused] = play(of, [joined(1), arrived(1)], state);
    expect(refused).toMatchObject([{ type: "refuse", code: "late-update", index: 1 }]);
    const [, accepted] = play(of, [joined(0), arrived(0)], state);
    expect(accepted).toMatchObject([{ type: "accept", index: 0 }]);
  });

  it("[RE17] closed, and its updates cannot be aggregated: the next attempt, with what was accepted", () => {
    const closed = taken({ status: "closed", accepted: [0], updates: [update(0)] });
    const failed: RoundEvent = { type: "aggregationFailed", code: "zero-weight", message: "no" };
    const [state, effects] = play(of, [failed], closed[0]);
    expect(effects[0]).toMatchObject({ type: "abandon", attempt: 1, accepted: [0] });
    expect(state).toMatchObject({ phase: "waiting", attempt: 2, stored: [named(update(0))] });
  });

  it("[RE5] abandoned: the next one is tried, or the run fails when there were enough", () => {
    const [state, effects] = taken({ status: "abandoned" });
    expect(types(effects)).toEqual(["abandon", "startTimer"]);
    expect(state).toMatchObject({ phase: "waiting", round: 1, attempt: 2 });
    const [failed] = taken({ status: "abandoned", attempt: 3 });
    expect(failed).toMatchObject({ phase: "failed", failure: { code: "quorum-missed" } });
  });

  it("[RE10] what an evaluation owes does not come between two attempts", () => {
    const everyTwo = rules({ minAvailableClients: 2 }, 2);
    const run = { round: 1, evaluated: 0 };
    const [waiting] = taken({ status: "abandoned", updates: [] }, run, everyTwo);
    const [open] = play(everyTwo, [joined(0), joined(1)], waiting);
    expect(open).toMatchObject({ phase: "collecting", round: 2, attempt: 2 });
  });
});

describe("stores that come late", () => {
  const open = play(of, [start, joined(0), joined(1), joined(2)])[0];
  const timeout: RoundEvent = { type: "timer", timer: "round" };

  it("[RE6] after the close: refused, and not in the round", () => {
    const early = rules({ minAvailableClients: 3, fractionFit: 0.5, overSelection: 1.5 });
    const [begun] = play(early, [start, joined(0), joined(1), joined(2)]);
    const [closed] = play(early, [arrived(0), ...delivered(1), ...delivered(2)], begun);
    expect(closed.phase).toBe("aggregating");
    expect(play(early, [stored(0)], closed)[1]).toMatchObject([
      { type: "refuse", index: 0, code: "late-update" },
    ]);
  });

  it("[RE7] of an attempt that was given up: no word, since the next attempt may ask for the very bytes", () => {
    const [second] = play(of, [arrived(0), timeout, timeout], open);
    expect(second).toMatchObject({ phase: "collecting", attempt: 2 });
    const [storing, effects] = play(of, [arrived(0)], second);
    expect(effects).toMatchObject([{ type: "store", attempt: 2 }]);
    const [still, silence] = play(of, [stored(0, 1, 1)], storing);
    expect([still, silence]).toEqual([storing, []]);
    const closedStore = { ...stored(0, 1, 1), outcome: "closed" } as RoundEvent;
    expect(play(of, [closedStore], storing)[1]).toEqual([]);
    expect(play(of, [stored(0, 1, 2)], storing)[1]).toMatchObject([{ type: "accept" }]);
  });

  it("[RE7] what an earlier attempt accepted is acknowledged also while its client is not drawn", () => {
    const few = rules({ minAvailableClients: 4, fractionFit: 0.5 });
    const [first] = play(few, [start, ...[0, 1, 2, 3].map((k) => joined(k))]);
    const [one = 0] = first.cohort.map(({ index }) => index);
    const again: RoundEvent[] = [...delivered(one), timeout];
    const state = { ...play(few, again, first)[0], cohort: [] };
    expect(state.attempt).toBe(2);
    expect(play(few, [arrived(one)], state)[1]).toMatchObject([{ type: "accept", index: one }]);
  });
});

describe("what the store has of a run", () => {
  const row: OpenAttempt = {
    ...{
      round: 2,
      attempt: 1,
      cohort: [0, 1],
      target: 2,
      status: "open",
      accepted: null,
      ageMs: 0,
    },
    updates: [],
    refusals: (["not-finite", "training-failed", "late-update"] as const).map((code, index) => ({
      ...{ round: 2, attempt: 1, index, hash: null, code, message: "" },
    })),
  };

  it("[RE10] a bad update ends its client's part in the attempt; other refusals do not", () => {
    const resumption = {
      ...{ epoch: 2, last: null, attempt: row, evaluations: [], paused: false, end: null },
    };
    expect(leftRun(resumption, of).attempt).toMatchObject({ refused: [0] });
    expect([...countRefusals(row.refusals)]).toEqual([
      ["not-finite", 1],
      ["training-failed", 1],
      ["late-update", 1],
    ]);
  });
});
