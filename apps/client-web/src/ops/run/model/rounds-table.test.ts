import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDetails, openRound, sampleDetails } from "../fixture/now.ts";
import { sampleEpsilon, sampleTimeoutMs } from "../fixture/config.ts";
import { sampleHistory } from "../fixture/history.ts";
import { finishTimes } from "./forecast.ts";
import { membersOf } from "./members.ts";
import { lateByRound, roundFigures, runningSums } from "./round-figures.ts";
import type { RoundFigures } from "./round-figures.ts";
import { openRow, openState, roundsTable, sharesOf } from "./rounds-table.ts";
import { roundStrip, standings } from "./strip.ts";

const history = sampleHistory();
const rows = roundFigures({ ...history, epsilonAfter: sampleEpsilon });
const late = lateByRound(history.refusals);
const rules = { roundTimeoutMs: sampleTimeoutMs, lateByRound: late };

function openSample() {
  const { state } = sampleDetails();
  const members = membersOf({
    timeline: openDetails().attempts[0] ?? null,
    live: null,
    nameOf: String,
  });
  const clock = { nowMs: 258_000, deadlineMs: sampleTimeoutMs };
  return openRow(state, roundStrip({ state, members, times: finishTimes([]), quorum: 12, clock }));
}

const table = roundsTable({ rows, open: openSample(), ...rules });

describe("the rounds of the sample run", () => {
  test("stand with the latest first, the open one on top", () => {
    expect(table).toHaveLength(27);
    const shown = roundsTable({ rows, open: openSample(), ...rules }, 6);
    expect(shown.map((row) => [row.round, row.state, row.shares])).toEqual([
      [openRound, "collecting", { selected: 18, accepted: 10, late: 0, refused: 1, noAnswer: 7 }],
      [26, "published", { selected: 18, accepted: 16, late: 1, refused: 0, noAnswer: 1 }],
      [25, "published", { selected: 18, accepted: 16, late: 1, refused: 1, noAnswer: 0 }],
      [24, "publishedAtDeadline", { selected: 18, accepted: 13, late: 3, refused: 0, noAnswer: 2 }],
      [23, "publishedAtDeadline", { selected: 18, accepted: 12, late: 1, refused: 2, noAnswer: 3 }],
      [22, "published", { selected: 18, accepted: 16, late: 0, refused: 0, noAnswer: 2 }],
    ]);
    expect(roundsTable({ rows, open: null, ...rules })).toHaveLength(26);
  });

  test("name the reasons of refusals, without those that came late", () => {
    expect(table.at(4)?.reasons).toEqual({ "norm-exceeded": 1, "not-finite": 1 });
    expect(table.at(0)?.reasons).toEqual({ "norm-exceeded": 1 });
    expect(table.at(1)?.reasons).toEqual({});
  });

  test("add up to the selected number, each of them", () => {
    for (const { shares } of table) expect(shares?.selected).toBe(18);
  });
});

describe("the split of a round", () => {
  const figures = (given: Partial<RoundFigures>): RoundFigures => ({ ...rows[1]!, ...given });

  test("adds up to the selected number whatever was counted", () => {
    const count = fc.nat(40);
    const counts = fc.record(
      { "norm-exceeded": count, "late-update": count, "not-finite": count },
      { requiredKeys: [] },
    );
    const given = fc
      .record({ accepted: count, rest: count, refusals: counts, declined: count, late: count })
      .map(({ rest, ...own }) => ({ ...own, sampled: own.accepted + rest }));
    fc.assert(
      fc.property(given, ({ late: afterwards, ...own }) => {
        const shares = sharesOf(figures(own), afterwards);
        const { selected = -1, accepted = 0, late = 0, refused = 0, noAnswer = 0 } = shares ?? {};
        expect(selected).toBe(own.sampled);
        expect(accepted + late + refused + noAnswer).toBe(selected);
        expect(Math.min(accepted, late, refused, noAnswer)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("is null where it is hidden who took part", () => {
    expect(sharesOf(figures({ sampled: null, accepted: null }))).toBeNull();
  });

  test("an open round of any cohort adds up too", () => {
    const state = sampleDetails().state;
    const member = fc.constantFrom("ordered", "training", "storing", "accepted", "refused", "gone");
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 60 }), (statuses) => {
        const counts = Object.fromEntries(standings.map((name) => [name, 0]));
        const told = {
          ordered: 0,
          training: 0,
          storing: 0,
          accepted: 0,
          refused: 0,
          declined: 0,
          gone: 0,
        };
        for (const status of statuses) told[status] += 1;
        const strip = roundStrip({
          ...{ state: { ...state, counts: told }, members: [], quorum: 1, clock: null },
          times: finishTimes([]),
        });
        const { shares } = openRow(state, strip);
        expect(Object.keys(counts)).toHaveLength(6);
        expect((shares?.accepted ?? 0) + (shares?.refused ?? 0) + (shares?.noAnswer ?? 0)).toBe(
          statuses.length,
        );
      }),
    );
  });
});

describe("rows", () => {
  test("a round that is told twice counts as it was told last", () => {
    const again = { ...history.rounds[3]!, attempt: 2 };
    const twice = roundFigures({
      ...history,
      rounds: [...history.rounds, again],
      epsilonAfter: () => null,
    });
    expect(twice).toHaveLength(rows.length);
    expect(twice[4]).toMatchObject({ round: 4, attempt: 2 });
  });

  test("a hidden round keeps its figures null, and ends a running sum", () => {
    const { round, attempt, method, aggregationError, privacy, state, parts, adapters } =
      history.rounds[1]!;
    const hidden = { round, attempt, method, aggregationError, privacy, state, parts, adapters };
    const mixed = roundFigures({
      ...{
        rounds: [history.rounds[0]!, hidden, history.rounds[2]!],
        evaluations: [],
        epsilonAfter: () => 1,
      },
    });
    expect(mixed[1]).toMatchObject({ sampled: null, accepted: null, bytesUp: null, seconds: null });
    const [first, ...others] = runningSums(mixed, "bytesUp");
    expect(first).toBeGreaterThan(0);
    expect(others).toEqual([null, null]);
  });

  test.each([
    ["collecting", false, "collecting"],
    ["committing", false, "aggregating"],
    ["evaluating", true, "evaluating"],
    ["waiting", true, "paused"],
    ["waiting", false, "selecting"],
    ["failed", false, "failed"],
  ] as const)("%s, paused %s: %s", (phase, paused, state) => {
    expect(openState({ phase, paused })).toBe(state);
  });
});
