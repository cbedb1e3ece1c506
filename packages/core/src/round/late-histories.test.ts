/** Histories of runs whose late updates count. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrived, joined, left, rules, start } from "../test-support/round-play.ts";
import { goOn, happen, newWorld } from "../test-support/rounds-world.ts";
import type { RoundsWorld } from "../test-support/rounds-world.ts";
import type { RoundRules } from "./attempt.ts";
import { initialState } from "./state.ts";
import { hasEnded, step } from "./step.ts";
import type { RoundEffect, RoundEvent } from "./types.ts";

const late = (policy: object = {}) =>
  rules({
    ...{ lateUpdates: "next-round", numRounds: 5, minAvailableClients: 3, minFitClients: 1 },
    ...{ fractionFit: 1, ...policy },
  });

const comes = (index: number, round: number): RoundEvent =>
  arrived(index, round, 10 * round + index);

const happening: fc.Arbitrary<RoundEvent | number> = fc
  .record({ index: fc.nat(4), round: fc.integer({ min: 1, max: 5 }), choice: fc.nat(20) })
  .chain(({ index, round, choice }) =>
    fc.constantFrom<RoundEvent | number>(
      ...[choice, choice, choice, choice, joined(index), left(index), comes(index, round)],
      ...[comes(index, round), comes(index, Math.max(1, round - 1)), arrived(index, round, 99)],
      { type: "taken", index, round, attempt: 1, holds: round - 1, from: round - 1 },
      { type: "declined", index, round, attempt: 1, code: "training-failed" },
      { ...comes(index, round), problem: "not-finite" } as RoundEvent,
      { type: "uploading", index, round },
      { type: choice > 10 ? "pause" : "resume" },
    ),
  );

/** What a history has told clients, and what its rounds were made of. */
interface Ledger {
  /** Client and hash. */
  readonly accepted: Set<string>;
  /** Late updates that were acknowledged, and the rounds that took them. */
  readonly late: { readonly index: number; readonly into: number }[];
  readonly closed: Map<number, readonly number[]>;
}

interface Noted {
  readonly effects: readonly RoundEffect[];
  readonly round: number;
}

function note({ late: told, closed: rounds, accepted }: Ledger, by: Noted): void {
  for (const effect of by.effects) {
    const key = "hash" in effect ? `${String(effect.index)}/${effect.hash}` : "";
    if (effect.type === "refuse") expect(accepted.has(key)).toBe(false);
    if (effect.type === "close") rounds.set(effect.round, effect.accepted);
    if (effect.type !== "accept") continue;
    if (!accepted.has(key) && effect.round < by.round)
      told.push({ index: effect.index, into: by.round });
    accepted.add(key);
  }
}

describe("any history with late clients", () => {
  it("[RE1] [RE27] [RE28] [RE30] keeps its counts, refuses nothing that it has accepted, and counts a client once", () => {
    const policies = fc.constantFrom<RoundRules>(
      late(),
      late({ reconnectGraceMs: 0, fractionFit: 0.5, maxAttempts: 9 }),
      late({ minFitClients: 2, maxAttempts: 9, overSelection: 2, fractionFit: 0.5 }),
    );
    fc.assert(
      fc.property(policies, fc.array(happening, { maxLength: 80 }), (by, events) => {
        let world: RoundsWorld = happen(by, newWorld(initialState()), start);
        const ledger: Ledger = { accepted: new Set(), late: [], closed: new Map() };
        for (const one of events) {
          const { state } = world;
          world =
            typeof one === "number" ? (goOn(by, world, one) ?? world) : happen(by, world, one);
          if (typeof one !== "number") expect(step(by, state, one)).toEqual(step(by, state, one));
          note(ledger, { effects: world.effects, round: world.state.round });
          const { counts, cohort, late: all, round } = world.state;
          for (const [status, count] of Object.entries(counts))
            expect(cohort.filter((member) => member.status === status)).toHaveLength(count);
          const keys = all.map(({ index, ordered }) => `${String(index)}/${String(ordered)}`);
          expect(new Set(keys).size).toBe(keys.length);
          for (const { ordered = 0 } of all) expect([round, round - 1]).toContain(ordered);
        }
        for (let k = 0; k < 300 && !hasEnded(world.state); k++) {
          world = goOn(by, world, 0) ?? world;
          note(ledger, { effects: world.effects, round: world.state.round });
        }
        for (const indices of ledger.closed.values())
          expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
        for (const { index, into } of ledger.late)
          expect(ledger.closed.get(into) ?? [index]).toContain(index);
        expect(hasEnded(world.state) || world.state.paused).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
