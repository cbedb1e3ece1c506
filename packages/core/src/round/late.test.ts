/** Late updates that count in the round after their own. */
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
import { initialState } from "./state.ts";
import { isInTime, maxStaleness, stalenessWeight } from "./staleness.ts";
import type { LeftAttempt, RoundEffect, RoundEvent, RoundState } from "./types.ts";

const late = (policy: object = {}) =>
  rules({
    ...{ lateUpdates: "next-round", numRounds: 5, minAvailableClients: 3, minFitClients: 1 },
    ...{ fractionFit: 1, ...policy },
  });
const of = late();
const deadline: RoundEvent = { type: "timer", timer: "round" };
const committed: RoundEvent[] = [{ type: "aggregated" }, { type: "committed" }];

/** Bytes of one client's update of one round. */
const bytes = (index: number, round: number): number => 10 * round + index;
/** An update of an order of round `of` is safe in the slot of round `into`. */
const kept = (index: number, round: number, into: number, attempt = 1): RoundEvent =>
  ({ ...stored(index, into, attempt), hash: hash(bytes(index, round)) }) as RoundEvent;
const comes = (index: number, round: number): RoundEvent =>
  arrived(index, round, bytes(index, round));

const joins = [joined(0), joined(1), joined(2)];
const first = play(of, [start, ...joins])[0];
/** Clients 0 and 1 have delivered round 1, client 2 has not; the round has closed. */
const [closed, closing] = play(of, [...delivered(0), ...delivered(1), deadline], first);
/** Everybody is ordered round 2, and client 2 is still at round 1. */
const second = play(of, committed, closed)[0];

describe("a client that is late", () => {
  it("[RE30] is not called off when its round closes; without the option it is", () => {
    expect(types(closing)).toEqual(["stopTimer", "close", "aggregate"]);
    const drop = late({ lateUpdates: "drop" });
    const [, effects] = play(drop, [start, ...joins, ...delivered(0), ...delivered(1), deadline]);
    expect(effects).toContainEqual({ type: "cancel", index: 2, round: 1, code: "late-update" });
    const last = late({ numRounds: 1 });
    const [, atLast] = play(last, [start, ...joins, ...delivered(0), ...delivered(1), deadline]);
    expect(atLast).toContainEqual({ type: "cancel", index: 2, round: 1, code: "late-update" });
  });

  it("[RE30] answers the next round with what it brings late, if it is in its cohort, and counts once", () => {
    const [storing, stores] = play(of, [comes(2, 1)], second);
    expect(stores).toEqual([
      { type: "store", index: 2, round: 2, attempt: 1, hash: hash(bytes(2, 1)) },
    ]);
    const [taken, told] = play(of, [kept(2, 1, 2)], storing);
    expect(told).toEqual([{ type: "accept", index: 2, round: 1, hash: hash(bytes(2, 1)) }]);
    expect(taken.counts).toMatchObject({ accepted: 1, ordered: 2 });
    const [, other] = play(of, [comes(2, 2)], taken);
    expect(other).toMatchObject([{ type: "refuse", round: 2, code: "update-conflict" }]);
    const full = [...[0, 1].flatMap((index) => [comes(index, 2), kept(index, 2, 2)])];
    const [, effects] = play(of, full, taken);
    expect(effects.at(-1)).toEqual({
      type: "aggregate",
      round: 2,
      accepted: [0, 1, 2],
      sampled: 3,
    });
  });

  it("[RE30] that comes while the round before is aggregated or evaluated is held for the next one", () => {
    const [held, silent] = play(of, [comes(2, 1)], closed);
    expect([held.phase, silent]).toEqual(["aggregating", []]);
    expect(play(of, [comes(2, 1)], held)[1]).toEqual([]);
    expect(play(of, [arrived(2, 1, 99)], held)[1]).toMatchObject([{ code: "update-conflict" }]);
    const [open, effects] = play(of, committed, held);
    expect(effects).toContainEqual({
      ...{ type: "store", index: 2, round: 2, attempt: 1 },
      hash: hash(bytes(2, 1)),
    });
    expect(effects.filter(({ type }) => type === "order")).toHaveLength(2);
    expect(open.counts).toMatchObject({ storing: 1, ordered: 2 });
  });

  it("[RE30] what was being stored when its round closed is held as well, and nobody is told that it is lost", () => {
    const storing = play(of, [...delivered(0), ...delivered(1), comes(2, 1)], first)[0];
    const waited = play(of, [deadline, deadline], storing)[0];
    expect(waited.phase).toBe("aggregating");
    const lost = { ...kept(2, 1, 1), outcome: "closed" } as RoundEvent;
    expect(play(of, [lost], waited)[1]).toEqual([]);
    const [, effects] = play(of, committed, waited);
    expect(effects).toContainEqual({
      ...{ type: "store", index: 2, round: 2, attempt: 1 },
      hash: hash(bytes(2, 1)),
    });
  });

  it("[RE30] is refused after the next round as well has closed, and is called off then", () => {
    const two = [0, 1].flatMap((index) => [comes(index, 2), kept(index, 2, 2)]);
    const [over, effects] = play(of, [...two, deadline], second);
    expect(effects).toContainEqual({ type: "cancel", index: 2, round: 1, code: "late-update" });
    const [, refused] = play(of, [comes(2, 1)], over);
    expect(refused).toMatchObject([{ type: "refuse", index: 2, round: 1, code: "late-update" }]);
    const [third] = play(of, committed, over);
    expect(play(of, [comes(2, 1)], third)[1]).toMatchObject([
      { type: "refuse", round: 1, code: "late-update" },
      { type: "order", round: 3 },
    ]);
  });

  it("[RE30] a round that closes while the late update is being stored refuses it", () => {
    const narrow = late({ fractionFit: 0.5, overSelection: 2, minAvailableClients: 4 });
    const four = [...joins, joined(3)];
    const [one] = play(narrow, [start, ...four]);
    const [slow = 0, ...fast] = one.cohort.map(({ index }) => index).reverse();
    const [opened] = play(
      narrow,
      [...fast.slice(0, 2).flatMap((index) => [comes(index, 1), kept(index, 1, 1)]), ...committed],
      one,
    );
    const beside = { ...opened, cohort: opened.cohort.filter(({ index }) => index !== slow) };
    const closes = fast.slice(0, 2).flatMap((index) => [comes(index, 2), kept(index, 2, 2)]);
    const [over] = play(narrow, [comes(slow, 1), ...closes], beside);
    expect(over.phase).toBe("aggregating");
    const lost = { ...kept(slow, 1, 2), outcome: "closed" } as RoundEvent;
    expect(play(narrow, [lost], over)[1]).toMatchObject([
      { type: "refuse", index: slow, round: 1, code: "late-update" },
    ]);
  });

  it("[RE7] [RE30] the same bytes again have the same answer, other bytes are a conflict", () => {
    const [taken] = play(of, [comes(2, 1), kept(2, 1, 2)], second);
    expect(play(of, [comes(2, 1)], taken)[1]).toMatchObject([{ type: "accept", round: 1 }]);
    expect(play(of, [arrived(2, 1, 99)], taken)[1]).toMatchObject([{ code: "update-conflict" }]);
    const [over] = play(of, [deadline], taken);
    expect(over.phase).toBe("aggregating");
    expect(play(of, [comes(2, 1)], over)[1]).toMatchObject([{ type: "accept", round: 1 }]);
  });

  it("[RE30] nobody else may deliver for a round that is over", () => {
    expect(play(of, [arrived(0, 1, 99)], second)[1][0]).toMatchObject({ code: "late-update" });
    const [, effects] = play(of, [arrived(4, 1, 99)], second);
    expect(effects).toMatchObject([{ type: "refuse", code: "late-update" }]);
  });

  it("[RE8] [RE30] a bad one is refused with its code, and its client is done with this round", () => {
    const bad = { ...comes(2, 1), problem: "not-finite" } as RoundEvent;
    const [state, effects] = play(of, [bad], second);
    expect(effects).toMatchObject([{ type: "refuse", round: 1, code: "not-finite" }]);
    expect(state.counts).toMatchObject({ refused: 1 });
  });

  it("[RE30] who cannot bring it after all gets the order of the round at hand", () => {
    const declined: RoundEvent = {
      ...{ type: "declined", index: 2, round: 1, attempt: 1, code: "training-failed" },
    };
    const order = { type: "order", index: 2, round: 2, attempt: 1 };
    const [state, effects] = play(of, [declined], second);
    expect(effects).toEqual([order]);
    expect(play(of, [comes(2, 2), kept(2, 2, 2)], state)[0].counts.accepted).toBe(1);
    expect(play(of, [comes(2, 1)], state)[0].counts.storing).toBe(1);
  });

  it("[RE23] [RE30] its upload has the grace of the deadline, where it is in the cohort", () => {
    const uploading: RoundEvent = { type: "uploading", index: 2, round: 1 };
    const two = [0, 1].flatMap((index) => [comes(index, 2), kept(index, 2, 2)]);
    const [waited] = play(of, [...two, uploading, deadline], second);
    expect(waited).toMatchObject({ phase: "collecting", inGrace: true });
    expect(play(of, [comes(2, 1), kept(2, 1, 2)], waited)[0].phase).toBe("aggregating");
  });
});

describe("a late client that is not in the next cohort", () => {
  const some = late({ fractionFit: 0.5, minAvailableClients: 4, minFitClients: 2 });
  const [one] = play(some, [start, ...joins, joined(3)]);
  const pair = one.cohort.map(({ index }) => index);
  /** Only a deadline can close a round without one of two: a quorum of one lets it. */
  const lone = late({ fractionFit: 0.5, minAvailableClients: 4 });
  const [slow = 0, quick = 0] = pair;
  const [two] = play(lone, [comes(quick, 1), kept(quick, 1, 1), deadline, ...committed], one);
  const drawn = two.cohort.map(({ index }) => index);
  const others = drawn.filter((index) => index !== slow);
  /** The draw is the run's own; the test wants one without the late client. */
  const beside: RoundState = {
    ...two,
    cohort: two.cohort.filter(({ index }) => index !== slow),
    counts: { ...two.counts, ordered: others.length },
    target: others.length,
  };

  it("[RE30] counts on top: neither quorum nor target is nearer for it", () => {
    const [taken, told] = play(lone, [comes(slow, 1), kept(slow, 1, 2)], beside);
    expect(told).toMatchObject([{ type: "accept", index: slow, round: 1 }]);
    expect([taken.phase, taken.counts.accepted]).toEqual(["collecting", 0]);
    const rest = others.flatMap((index) => [comes(index, 2), kept(index, 2, 2)]);
    const [, effects] = play(lone, rest, taken);
    const accepted = [...others, slow].sort((a, b) => a - b);
    expect(effects.at(-1)).toMatchObject({ type: "aggregate", accepted, sampled: others.length });
    const [again] = play(lone, [comes(slow, 1), kept(slow, 1, 2), deadline], beside);
    expect(again.attempt).toBe(2);
  });

  it("[RE5] [RE30] what an attempt that was given up has of it counts in the next one", () => {
    const [again, effects] = play(lone, [comes(slow, 1), kept(slow, 1, 2), deadline], beside);
    expect(again).toMatchObject({ attempt: 2, phase: "collecting" });
    expect(effects).toContainEqual(
      expect.objectContaining({ type: "abandon", accepted: [slow] }) as RoundEffect,
    );
    const members = again.cohort.map(({ index }) => index).filter((index) => index !== slow);
    const rest = members.flatMap((index) => [comes(index, 2), kept(index, 2, 2, 2)]);
    const [, closes] = play(lone, rest, again);
    expect(closes.at(-1)).toMatchObject({
      ...{ type: "aggregate", accepted: [...members, slow].sort((a, b) => a - b) },
    });
    const storing = play(lone, [comes(slow, 1)], beside)[0];
    const [, opened] = play(lone, [deadline], storing);
    expect(opened).toContainEqual({
      ...{ type: "store", index: slow, round: 2, attempt: 2 },
      hash: hash(bytes(slow, 1)),
    });
  });
});

describe("a coordinator that takes over with clients late", () => {
  const attempt: LeftAttempt = {
    ...{ attempt: 1, cohort: [0, 1], target: 2, status: "open", accepted: [], refused: [] },
    updates: [
      { index: 0, attempt: 1, hash: hash(bytes(0, 2)) },
      { index: 2, attempt: 1, hash: hash(bytes(2, 1)), ordered: 1 },
    ],
  };

  it("[RE10] [RE30] counts what is stored of them, and takes what is still out", () => {
    const world = initialState({ round: 1, attempt, late: [2, 3] });
    const [open] = play(of, [start], world);
    expect(open.counts).toMatchObject({ accepted: 1, ordered: 1 });
    const [, effects] = play(of, [comes(3, 1), kept(3, 1, 2), comes(1, 2), kept(1, 2, 2)], open);
    expect(effects.at(-1)).toMatchObject({ type: "aggregate", accepted: [0, 1, 2, 3], sampled: 2 });
    expect(play(of, [comes(2, 1)], open)[1]).toMatchObject([{ type: "accept", round: 1 }]);
  });

  it("[RE10] [RE30] goes on with a frozen attempt as it is; what was out of it may still come", () => {
    const frozen: LeftAttempt = {
      ...{ ...attempt, status: "closed", accepted: [0, 2] },
    };
    const [state, effects] = play(of, [start], initialState({ round: 1, attempt: frozen }));
    expect(effects).toEqual([{ type: "aggregate", round: 2, accepted: [0, 2], sampled: 2 }]);
    expect(isInTime(state, of.policy, 2)).toBe(true);
    expect(play(of, [comes(1, 2)], state)[1]).toEqual([]);
    expect(play(of, [comes(0, 1)], state)[1]).toMatchObject([{ code: "late-update" }]);
  });

  it("[RE10] [RE30] between two rounds it holds what comes", () => {
    const [waiting] = play(of, [start], initialState({ round: 1, late: [2] }));
    const [held] = play(of, [comes(2, 1)], waiting);
    const [, effects] = play(of, joins, held);
    expect(types(effects)).toContain("store");
  });
});

describe("how late an update may be", () => {
  it("[RE30] is one round, which takes off what the buffer's discount says", () => {
    expect(maxStaleness(of.policy)).toBe(1);
    expect(maxStaleness(rules().policy)).toBe(0);
    expect(stalenessWeight(of.policy, 1)).toBeCloseTo(Math.SQRT1_2, 15);
    expect(stalenessWeight(late({ buffer: { exponent: 1 } }).policy, 1)).toBe(0.5);
  });
});
