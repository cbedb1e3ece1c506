import { describe, expect, it } from "vitest";
import { delivered, joined, play, rules, start } from "../test-support/round-play.ts";
import type { RoundRules } from "./attempt.ts";
import { betterOf, isEvaluated, isStale } from "./early-stopping.ts";
import type { StoppingRule } from "./early-stopping.ts";
import { initialState } from "./state.ts";
import { leftRun } from "./take-up.ts";
import type { BestEvaluation, RoundEvent, RoundState } from "./types.ts";

const loss: StoppingRule = { metric: "loss", patience: 2, minDelta: 0.1 };

function bestOf(values: readonly (number | null)[], rule: StoppingRule): BestEvaluation | null {
  return values.reduce<BestEvaluation | null>(
    (best, value, round) =>
      betterOf(best, { round, metrics: value === null ? null : { [rule.metric]: value } }, rule),
    null,
  );
}

describe("the best evaluation", () => {
  it.each<[string, readonly (number | null)[], Partial<StoppingRule>, BestEvaluation | null]>([
    ["none yet", [], {}, null],
    ["the lowest loss", [3, 2, 2.5], {}, { round: 1, value: 2, since: 1 }],
    ["a gain of minDelta is none", [3, 2.5, 2.25], { minDelta: 0.5 }, best(2, 2.25)],
    ["of accuracies the highest", [0.1, 0.3], { metric: "accuracy" }, best(1, 0.3)],
    ["validationLoss is a loss", [1, 2], { metric: "validationLoss" }, best(0, 1, 1)],
    ["rounds without evaluation do not count", [1, null, null], {}, best(0, 1)],
    ["a loss that is not a number is the worst", [NaN, 5, NaN], {}, best(1, 5, 1)],
  ])("[RE22] %s", (_what, values, change, expected) => {
    expect(bestOf(values, { ...loss, ...change })).toEqual(expected);
  });

  it("[RE22] patience is over after so many evaluations without a better one, never without it", () => {
    expect([0, 1, 2, 3].map((since) => isStale(best(0, 1, since), loss))).toEqual([
      ...[false, false, true, true],
    ]);
    expect(isStale(best(0, 1, 99), { ...loss, patience: null })).toBe(false);
    expect(isStale(null, loss)).toBe(false);
  });

  it("[RE14] the first adapter, every so many rounds and the last are evaluated", () => {
    const of = rules({ numRounds: 5 }, 2);
    expect([0, 1, 2, 3, 4, 5].map((round) => isEvaluated(of, round))).toEqual([
      ...[true, false, true, false, true, true],
    ]);
  });
});

function best(round: number, value: number, since = 0): BestEvaluation {
  return { round, value, since };
}

const of: RoundRules = { ...rules({ numRounds: 10 }, 1), stopping: { ...loss, minDelta: 0 } };

/** Plays rounds with the given losses, the first that of round `from`. */
function losses(state: RoundState, values: readonly number[]): RoundState {
  let last = state;
  for (const value of values) {
    if (last.phase === "collecting") {
      const { round } = last;
      const events: RoundEvent[] = [...delivered(0, round), ...delivered(1, round)];
      last = play(of, [...events, { type: "aggregated" }, { type: "committed" }], last)[0];
    }
    last = play(of, [{ type: "evaluated", metrics: { loss: value } }], last)[0];
  }
  return last;
}

describe("early stopping", () => {
  const begun = play(of, [joined(0), joined(1), start])[0];

  it("[RE22] ends the run as completed after its patience", () => {
    expect(losses(begun, [5, 4, 4]).phase).toBe("collecting");
    const ended = losses(begun, [5, 4, 4, 6]);
    expect(ended).toMatchObject({ phase: "completed", round: 3, best: best(1, 4, 2) });
    expect(losses(begun, [5, 4, 4, 3, 3]).phase).toBe("collecting");
  });

  const evaluations = [5, 4, 4].map((value, round) => ({
    ...{ round, metrics: { loss: value }, traffic: null },
  }));
  const resumed = (rows: typeof evaluations) =>
    leftRun(
      {
        ...{ epoch: 2, attempt: null, evaluations: rows, paused: false, end: null },
        last: { round: rows.length - 1 } as never,
      },
      of,
    );

  it("[RE22] a restart counts on where the evaluations stand", () => {
    const [again] = play(of, [joined(0), joined(1), start], initialState(resumed(evaluations)));
    expect(again).toMatchObject({ phase: "collecting", round: 3, best: best(1, 4, 1) });
    expect(losses(again, [6]).phase).toBe("completed");
  });

  it("[RE22] a process that dies between the last evaluation and the end leaves no further round", () => {
    const last = { round: 3, metrics: { loss: 6 }, traffic: null };
    const [ended] = play(of, [start], initialState(resumed([...evaluations, last])));
    expect(ended).toMatchObject({ phase: "completed", round: 3 });
  });
});
