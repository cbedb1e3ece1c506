import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrived, joined, rules, start, stored } from "../test-support/round-play.ts";
import { initialState } from "./state.ts";
import { hasEnded, step } from "./step.ts";
import type { MemberStatus, RoundEvent, RoundState } from "./types.ts";

const event: fc.Arbitrary<RoundEvent> = fc
  .record({
    index: fc.nat(4),
    round: fc.integer({ min: 0, max: 3 }),
    attempt: fc.integer({ min: 1, max: 3 }),
    other: fc.boolean(),
  })
  .chain(({ index, round, attempt, other }) =>
    fc.constantFrom<RoundEvent>(
      start,
      joined(index, other ? null : round),
      { type: "left", index, forGood: other },
      { type: "taken", index, round, attempt, holds: other ? null : round - 1, from: round - 1 },
      { type: "declined", index, round, attempt, code: "training-failed" },
      arrived(index, round, other ? 9 : index),
      { ...arrived(index, round), problem: "not-finite" } as RoundEvent,
      { ...stored(index, round), outcome: other ? "conflict" : "stored" } as RoundEvent,
      { type: "timer", timer: other ? "round" : `grace-${index}` },
      { type: "aggregated" },
      { type: "committed" },
      { type: "evaluated", metrics: null },
      { type: other ? "pause" : "resume" },
    ),
  );

describe("any history", () => {
  it("[RE1] keeps its counts true, never changes its input, and is a function of it", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const of = rules({
          numRounds: 3,
          maxAttempts: 3,
          overSelection: 1.5,
          fractionFit: 0.6,
          reconnectGraceMs: 10,
        });
        let state = initialState();
        for (const one of [start, ...events]) {
          const before = structuredClone(state);
          const result = step(of, state, one);
          expect(state).toEqual(before);
          expect(step(of, state, one)).toEqual(result);
          [state] = result;
          checkInvariants(state);
        }
      }),
    );
  });
});

function checkInvariants(state: RoundState): void {
  const counted: Partial<Record<MemberStatus, number>> = {};
  for (const { status } of state.cohort) counted[status] = (counted[status] ?? 0) + 1;
  for (const [status, count] of Object.entries(state.counts))
    expect(counted[status as MemberStatus] ?? 0).toBe(count);
  expect(state.presentCount).toBe(
    state.participants.filter((participant) => participant?.present).length,
  );
  const indices = state.cohort.map((member) => member.index);
  expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
  if (state.phase === "collecting") {
    expect(state.counts.accepted).toBeLessThan(Math.max(1, state.target));
    expect(state.counts.ordered + state.counts.training + state.counts.storing).toBeGreaterThan(0);
  }
  if (hasEnded(state)) expect(state.failure === null).toBe(state.phase !== "failed");
}
