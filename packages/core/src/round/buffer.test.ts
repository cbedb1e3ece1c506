import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arrived,
  hash,
  joined,
  play,
  rules,
  start,
  stored,
  types,
} from "../test-support/round-play.ts";
import { goOn, happen, newWorld } from "../test-support/rounds-world.ts";
import { initialState } from "./state.ts";
import { hasEnded, step } from "./step.ts";
import { stalenessOf, stalenessWeight } from "./staleness.ts";
import type { LeftAttempt, RoundEvent, RoundState } from "./types.ts";
import { waits } from "./waits.ts";

const buffered = (policy: object = {}, buffer: object = {}) =>
  rules({
    ...{ mode: "buffered", numRounds: 9, minAvailableClients: 3, minFitClients: 1 },
    ...policy,
    buffer: { size: 2, maxStaleness: 2, ...buffer },
  });
const of = buffered();
const committed: RoundEvent[] = [{ type: "aggregated" }, { type: "committed" }];
const open = play(of, [start, joined(0), joined(1), joined(2)])[0];

/** An update of an order of round `of`, stored into the buffer of round `into`. */
const delivered = (index: number, round: number, into = round): RoundEvent[] => [
  arrived(index, round, 10 * round + index),
  { ...stored(index, into), hash: `${10 * round + index}`.padStart(64, "0") } as RoundEvent,
];

function ordersOf(state: RoundState): (readonly [number, string, number | undefined])[] {
  return state.cohort.map(({ index, status, ordered }) => [index, status, ordered]);
}

describe("a buffered round", () => {
  it("[RE29] gives everyone an order at once, and closes with its buffer, whoever filled it", () => {
    expect(ordersOf(open)).toEqual([0, 1, 2].map((index) => [index, "ordered", 1]));
    const [first] = play(of, delivered(2, 1), open);
    expect(first.phase).toBe("collecting");
    const [closed, effects] = play(of, delivered(0, 1), first);
    expect(closed.phase).toBe("aggregating");
    expect(types(effects)).toEqual(["accept", "stopTimer", "close", "aggregate"]);
    expect(effects.at(-1)).toMatchObject({ accepted: [0, 2] });
  });

  it("[RE29] who has delivered gets the new adapter's order, who trains goes on and delivers into a later buffer", () => {
    const [second, effects] = play(
      of,
      [...delivered(0, 1), ...delivered(2, 1), ...committed],
      open,
    );
    expect(ordersOf(second)).toEqual([
      [0, "ordered", 2],
      [1, "ordered", 1],
      [2, "ordered", 2],
    ]);
    expect(effects.filter(({ type }) => type === "order")).toEqual([
      { type: "order", index: 0, round: 2, attempt: 1 },
      { type: "order", index: 2, round: 2, attempt: 1 },
    ]);
    const [, stores] = play(of, [arrived(1, 1, 11)], second);
    expect(stores).toMatchObject([{ type: "store", index: 1, round: 2 }]);
    const [, told] = play(of, delivered(1, 1, 2), second);
    expect(told).toMatchObject([{ type: "accept", index: 1, round: 1 }]);
  });

  it("[RE29] what comes while a round is aggregated is kept for the next buffer", () => {
    const full: RoundEvent[] = [...delivered(0, 1), ...delivered(2, 1)];
    const [held, silent] = play(of, [...full, arrived(1, 1, 11)], open);
    expect([held.phase, silent]).toEqual(["aggregating", []]);
    const [second, effects] = play(of, committed, held);
    expect(effects.find(({ type }) => type === "store")).toMatchObject({ index: 1, round: 2 });
    expect(second.counts).toMatchObject({ storing: 1, ordered: 2 });
  });

  it("[RE29] beyond the limit of staleness a client is called off, and what it still sends is refused", () => {
    let state = open;
    for (let round = 1; round <= 3; round++)
      state = play(of, [...delivered(0, round), ...delivered(2, round), ...committed], state)[0];
    expect(ordersOf(state)[1]).toEqual([1, "ordered", 4]);
    const [, refused] = play(of, [arrived(1, 1, 11)], state);
    expect(refused).toMatchObject([{ type: "refuse", code: "late-update", round: 1 }]);
    const events = [...delivered(0, 3), ...delivered(2, 3), { type: "aggregated" } as const];
    const before = play(of, [...delivered(0, 1), ...delivered(2, 1), ...committed], open)[0];
    const two = play(of, [...delivered(0, 2), ...delivered(2, 2), ...committed], before)[0];
    const [, called] = play(of, [...events, { type: "committed" }], two);
    expect(called).toContainEqual({ type: "cancel", index: 1, round: 1, code: "late-update" });
  });

  it("[RE29] no more than so many train at once, drawn from the run's stream", () => {
    const narrow = buffered({ minAvailableClients: 4 }, { concurrency: 2 });
    const joins = [0, 1, 2, 3].map((index) => joined(index));
    const [two] = play(narrow, [start, ...joins]);
    expect(two.counts.ordered).toBe(2);
    expect(play(narrow, [start, ...[...joins].reverse()])[0].cohort).toEqual(two.cohort);
    const [one = 0] = two.cohort.map(({ index }) => index);
    const [again] = play(narrow, delivered(one, 1), two);
    expect(again.counts).toMatchObject({ accepted: 1, ordered: 2 });
  });

  it("[RE4] [RE5] the deadline takes what makes the quorum, else tries again and keeps what it has", () => {
    const timeout: RoundEvent = { type: "timer", timer: "round" };
    expect(play(of, [...delivered(0, 1), timeout], open)[0].phase).toBe("aggregating");
    const strict = buffered({ minFitClients: 2, maxAttempts: 2 });
    const [again] = play(strict, [...delivered(0, 1), timeout], open);
    expect(again).toMatchObject({ phase: "collecting", attempt: 2, counts: { accepted: 1 } });
    expect(play(strict, [timeout], again)[0]).toMatchObject({
      ...{ phase: "failed", failure: { code: "quorum-missed" } },
    });
  });

  it("[RE7] takes an update once, other bytes not, and knows what it has accepted", () => {
    const [once] = play(of, delivered(0, 1), open);
    expect(play(of, [arrived(0, 1, 10)], once)[1]).toMatchObject([{ type: "accept", round: 1 }]);
    expect(play(of, [arrived(0, 1, 77)], once)[1]).toMatchObject([{ code: "update-conflict" }]);
    expect(play(of, [arrived(0, 2, 20)], once)[1]).toMatchObject([{ code: "wrong-round" }]);
  });

  it("[RE10] an attempt that was left goes on with its updates; who comes back says what it has", () => {
    const attempt: LeftAttempt = {
      ...{ attempt: 1, cohort: [0, 1, 2], target: 2, status: "open" },
      ...{ accepted: [], refused: [], updates: [{ index: 1, attempt: 1, hash: hash(7) }] },
    };
    const [left] = play(of, [start], initialState({ round: 3, attempt }));
    expect(ordersOf(left)).toEqual([[1, "accepted", undefined]]);
    const pending = { ...joined(0), pending: 3 } as RoundEvent;
    const [back, effects] = play(of, [pending, joined(2)], left);
    expect(ordersOf(back)).toEqual([
      [0, "training", 3],
      [1, "accepted", undefined],
      [2, "ordered", 4],
    ]);
    expect(types(effects)).toEqual(["order"]);
    expect(play(of, delivered(0, 3, 4), back)[0].phase).toBe("aggregating");
  });

  it("[RE12] a client that comes back after its round gets another order; one that stays away is not waited for", () => {
    const away: RoundEvent = { type: "left", index: 1, forGood: false };
    const full: RoundEvent[] = [...delivered(0, 1), ...delivered(2, 1), ...committed];
    const [later] = play(of, [away, ...full], open);
    expect(ordersOf(play(of, [joined(1)], later)[0])[1]).toEqual([1, "ordered", 2]);
    const [gone] = play(of, [{ type: "timer", timer: "grace-1" }], later);
    expect(gone.cohort.map(({ status }) => status)).toEqual(["gone"]);
  });
});

describe("staleness", () => {
  const { policy } = buffered();

  it("[RE29] is the number of rounds between base and buffer, and weighs (1 + s)^-1/2", () => {
    expect([stalenessOf({ round: 5 }), stalenessOf({ round: 5, base: 4 })]).toEqual([0, 0]);
    expect(stalenessOf({ round: 5, base: 1 })).toBe(3);
    const weights = [0, 1, 3, 8].map((s) => stalenessWeight(policy, s));
    [1, Math.SQRT1_2, 0.5, 1 / 3].forEach((weight, k) => {
      expect(weights[k]).toBeCloseTo(weight, 15);
    });
  });

  it("[RE29] weighs nothing off with a constant discount, or of a fresh update", () => {
    expect(stalenessWeight(buffered({}, { discount: "constant" }).policy, 9)).toBe(1);
    expect(stalenessWeight(rules().policy, stalenessOf({ round: 3 }))).toBe(1);
  });
});

const happening: fc.Arbitrary<RoundEvent | number> = fc
  .record({ index: fc.nat(4), round: fc.integer({ min: 1, max: 6 }), choice: fc.nat(20) })
  .chain(({ index, round, choice }) =>
    fc.constantFrom<RoundEvent | number>(
      ...[choice, choice, choice, joined(index), arrived(index, round, 10 * round + index)],
      ...[arrived(index, round, 10 * round + index), arrived(index, round, 99)],
      { ...joined(index), pending: round } as RoundEvent,
      { type: "left", index, forGood: choice > 10 },
      { type: "taken", index, round, attempt: 1, holds: round - 1, from: round - 1 },
      { type: "declined", index, round, attempt: 1, code: "training-failed" },
      { ...arrived(index, round), problem: "not-finite" } as RoundEvent,
      { type: choice > 10 ? "pause" : "resume" },
    ),
  );

describe("any buffered history", () => {
  it("[RE1] [RE28] [RE29] never overfills a buffer, keeps its counts true, and waits with an end", () => {
    const policies = fc.constantFrom(
      of,
      buffered({ reconnectGraceMs: 0, numRounds: 4 }),
      buffered({ minFitClients: 2, maxAttempts: 2 }, { concurrency: 2, maxStaleness: 0 }),
    );
    fc.assert(
      fc.property(policies, fc.array(happening, { maxLength: 80 }), (by, events) => {
        let world = happen(by, newWorld(initialState()), start);
        for (const one of events) {
          const { state } = world;
          world =
            typeof one === "number" ? (goOn(by, world, one) ?? world) : happen(by, world, one);
          if (typeof one !== "number") expect(step(by, state, one)).toEqual(step(by, state, one));
          const { counts, cohort, target, phase } = world.state;
          const statuses = cohort.map(({ status }) => status);
          for (const [status, count] of Object.entries(counts))
            expect(statuses.filter((each) => each === status)).toHaveLength(count);
          if (phase === "collecting")
            expect(counts.accepted + counts.storing).toBeLessThanOrEqual(target);
          const held = world.state.paused && phase === "waiting";
          const all = waits(world.state, by.policy);
          expect(all.length > 0 || held || hasEnded(world.state)).toBe(true);
          for (const { timer } of all) if (timer !== null) expect(world.timers).toContain(timer);
        }
        for (let k = 0; k < 300 && !hasEnded(world.state); k++) world = goOn(by, world, 0) ?? world;
        expect(hasEnded(world.state) || world.state.paused).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
