import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrived, hash, joined, play, rules, start } from "../test-support/round-play.ts";
import { goOn, happen, newWorld } from "../test-support/rounds-world.ts";
import type { RoundsWorld } from "../test-support/rounds-world.ts";
import type { RoundRules } from "./attempt.ts";
import { initialState } from "./state.ts";
import type { LeftRun } from "./state.ts";
import { hasEnded } from "./step.ts";
import type { LeftAttempt, RoundEvent } from "./types.ts";
import { waits } from "./waits.ts";

/** Something from outside, or (a number) a timer or a piece of work of the run itself. */
const happening: fc.Arbitrary<RoundEvent | number> = fc
  .record({ index: fc.nat(4), round: fc.integer({ min: 1, max: 3 }), choice: fc.nat(20) })
  .chain(({ index, round, choice }) =>
    fc.constantFrom<RoundEvent | number>(
      ...[choice, choice, choice, joined(index), joined(index, null), arrived(index, round)],
      arrived(index, round, 9),
      { type: "left", index, forGood: choice > 10 },
      { type: "taken", index, round, attempt: 1, holds: null, from: 0 },
      { type: "declined", index, round, attempt: 1, code: "training-failed" },
      { type: "uploading", index, round },
      { ...arrived(index, round), problem: "not-finite" } as RoundEvent,
      { type: choice > 10 ? "pause" : "resume" },
      { type: choice === 0 ? "stop" : "resume" },
    ),
  );

const leftAttempt: fc.Arbitrary<LeftAttempt> = fc
  .record({
    attempt: fc.integer({ min: 1, max: 3 }),
    cohort: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    status: fc.constantFrom("open" as const, "closed" as const, "abandoned" as const),
    updated: fc.subarray([0, 1, 2, 3]),
    refused: fc.subarray([0, 1, 2, 3]),
  })
  .map(({ updated, cohort, ...rest }) => ({
    ...rest,
    cohort,
    target: cohort.length,
    accepted: updated.filter((index) => cohort.includes(index)),
    updates: updated.map((index) => ({ index, attempt: 1, hash: hash(index) })),
  }));

const leftRun: fc.Arbitrary<LeftRun> = fc.record({
  round: fc.integer({ min: 0, max: 2 }),
  attempt: fc.option(leftAttempt, { nil: null }),
  evaluated: fc.option(fc.integer({ min: 0, max: 2 }), { nil: null }),
  paused: fc.boolean(),
});

const policies: fc.Arbitrary<RoundRules> = fc
  .record({
    overSelection: fc.constantFrom(1, 1.5),
    fractionFit: fc.constantFrom(0.5, 1),
    reconnectGraceMs: fc.constantFrom(0, 10),
    uploadGraceMs: fc.constantFrom(0, 10),
    sampling: fc.constantFrom("fixed", "poisson"),
  })
  .chain((policy) =>
    fc.constantFrom(
      rules({ ...policy, numRounds: 3 }),
      rules({ ...policy, numRounds: 3 }, 1),
      rules({ ...policy, numRounds: 3 }, 2, "clients"),
    ),
  );

/** Each wait has its running timer or its work under way; without any, the run has ended or an operator holds it. */
function checkWaits(of: RoundRules, { state, timers, work }: RoundsWorld): void {
  const all = waits(state, of.policy);
  if (all.length === 0)
    expect(hasEnded(state) || (state.paused && state.phase === "waiting")).toBe(true);
  for (const wait of all) {
    if (wait.timer === null) {
      expect(work.map(({ type }) => type)).toContain(ends[wait.for]);
      continue;
    }
    expect(timers).toContain(wait.timer);
    expect(wait.atMostMs).toBeLessThan(Infinity);
  }
}

const ends = {
  store: "stored",
  aggregation: "aggregated",
  commit: "committed",
  evaluation: "evaluated",
} as const;

describe("what a run waits for", () => {
  it("[RE28] in every state: a running timer, work under way, a pause or the end; and time alone ends it", () => {
    fc.assert(
      fc.property(
        policies,
        leftRun,
        fc.array(happening, { maxLength: 60 }),
        (of, left, happenings) => {
          let world = happen(of, newWorld(initialState(left)), start);
          checkWaits(of, world);
          for (const one of happenings) {
            world =
              typeof one === "number" ? (goOn(of, world, one) ?? world) : happen(of, world, one);
            checkWaits(of, world);
          }
          endsByItself(of, world);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("[RE28] tells a countdown for each: clients, updates, who is away", () => {
    const of = rules({ minAvailableClients: 2, reconnectGraceMs: 50, roundTimeoutMs: 1000 });
    const [waiting] = play(of, [start, joined(0)]);
    expect(waits(waiting, of.policy)).toEqual([
      { for: "clients", timer: "wait", atMostMs: 600_000, indices: [] },
    ]);
    const away: RoundEvent = { type: "left", index: 0, forGood: false };
    const [open] = play(of, [joined(1), arrived(1), away], waiting);
    expect(waits(open, of.policy)).toEqual([
      { for: "updates", timer: "round", atMostMs: 1000, indices: [0, 1] },
      { for: "return", timer: "grace-0", atMostMs: 60_000, indices: [0] },
      { for: "store", timer: null },
    ]);
  });
});

/** Nobody comes and nobody says anything: timers fire, work ends, and the run comes to its end, or to an operator's pause. */
function endsByItself(of: RoundRules, world: RoundsWorld): void {
  let last = world;
  for (let moves = 0; moves < 200; moves++) {
    const next = goOn(of, last, 0);
    if (next === null) break;
    last = next;
  }
  const isHeld = last.state.paused && last.state.phase === "waiting";
  expect(hasEnded(last.state) || isHeld).toBe(true);
}
