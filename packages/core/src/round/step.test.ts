import { describe, expect, it } from "vitest";
import { rngFromSeed } from "../rng.ts";
import {
  hash,
  rules,
  play,
  start,
  joined,
  arrived,
  stored,
  delivered,
  types,
} from "../test-support/round-play.ts";
import { initialState } from "./state.ts";
import { step } from "./step.ts";
import type { RoundEvent } from "./types.ts";

describe("evaluating at the clients", () => {
  const of = rules({ minAvailableClients: 2 }, 1, "clients");

  it("[RE3] [RE14] waits for the clients before the first round, evaluates, and then opens it", () => {
    const [waiting, effects] = play(of, [start]);
    expect([waiting.phase, waiting.round, types(effects)]).toEqual(["waiting", 0, ["startTimer"]]);
    const [evaluating, asks] = play(of, [joined(0), joined(1)], waiting);
    expect(evaluating.phase).toBe("evaluating");
    expect(asks).toEqual([
      { type: "stopTimer", timer: "wait" },
      { type: "evaluate", round: 0 },
    ]);
    const [open] = play(of, [{ type: "evaluated", metrics: null }], evaluating);
    expect([open.phase, open.round]).toEqual(["collecting", 1]);
  });

  it("[RE3] a wait that finds too few clients fails before round 1", () => {
    const [state] = play(of, [start, joined(0), { type: "timer", timer: "wait" }]);
    expect(state.failure?.message).toContain("Cannot start round 1: 1 clients");
  });

  it("[RE11] a pause holds the first evaluation back, a stop ends the run", () => {
    const [paused] = play(of, [start, { type: "pause" }, joined(0), joined(1)]);
    expect(paused.phase).toBe("waiting");
    expect(play(of, [{ type: "resume" }], paused)[0].phase).toBe("evaluating");
    expect(play(of, [{ type: "stop" }], paused)[0].phase).toBe("stopped");
  });
});

describe("opening a round", () => {
  it("[RE3] waits for the configured number of clients, with a deadline", () => {
    const of = rules({ minAvailableClients: 3 });
    const [waiting, effects] = play(of, [start]);
    expect(waiting.phase).toBe("waiting");
    expect(effects).toEqual([{ type: "startTimer", timer: "wait", ms: 600_000 }]);
    expect(play(of, [joined(0), joined(1)], waiting)[0].phase).toBe("waiting");
    const [open, orders] = play(of, [joined(0), joined(1), joined(2)], waiting);
    expect(open.phase).toBe("collecting");
    expect(types(orders)).toEqual(["stopTimer", "open", "startTimer", "order", "order", "order"]);
  });

  it("[RE3] a wait that finds too few clients fails the run with not-enough-clients", () => {
    const [state, effects] = play(rules(), [start, joined(0), { type: "timer", timer: "wait" }]);
    expect(state.failure?.code).toBe("not-enough-clients");
    expect(types(effects)).toEqual(["stopTimer", "finish"]);
  });

  it("[RE2] draws the same cohort whoever connected first", () => {
    const of = rules({ minAvailableClients: 20, fractionFit: 0.4 });
    const order = rngFromSeed(1).shuffle(Array.from({ length: 20 }, (_, k) => k));
    const cohorts = [order, [...order].reverse()].map((indices) => {
      const [state] = play(of, [start, ...indices.map((index) => joined(index))]);
      return state.cohort.map((member) => member.index);
    });
    expect(cohorts[0]).toHaveLength(8);
    expect(cohorts[0]).toEqual(cohorts[1]);
  });

  it("[RE2] poisson draws every client with its own probability", () => {
    const sizes = Array.from({ length: 200 }, (_, seed) => {
      const of = {
        ...rules({ minAvailableClients: 50, fractionFit: 0.3, sampling: "poisson" }),
        rng: rngFromSeed(seed),
      };
      return play(of, [start, ...Array.from({ length: 50 }, (_ignored, k) => joined(k))])[0].cohort
        .length;
    });
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length;
    expect(mean).toBeGreaterThan(14);
    expect(mean).toBeLessThan(16);
    expect(variance).toBeGreaterThan(7.5);
    expect(variance).toBeLessThan(14);
  });

  it("[RE4] over-selection orders more clients than it needs and closes at the target", () => {
    const of = rules({ minAvailableClients: 4, fractionFit: 0.5, overSelection: 1.5 });
    const [open] = play(of, [start, ...[0, 1, 2, 3].map((k) => joined(k))]);
    expect(open.cohort).toHaveLength(3);
    expect(open.target).toBe(2);
    const [first, second, third] = open.cohort.map((member) => member.index);
    const [closed, effects] = play(of, [...delivered(third ?? 0), ...delivered(first ?? 0)], open);
    expect(closed.phase).toBe("aggregating");
    expect(effects).toContainEqual({
      type: "cancel",
      index: second,
      round: 1,
      code: "late-update",
    });
    expect(effects.at(-1)).toEqual({
      type: "aggregate",
      round: 1,
      accepted: [first, third].sort(),
      sampled: 3,
    });
  });
});

describe("collecting updates", () => {
  const of = rules({ minAvailableClients: 3 });
  const open = play(of, [start, joined(0), joined(1), joined(2)])[0];

  it("[RE4] closes when all have answered, in any order, with the accepted in participant order", () => {
    const [state, effects] = play(of, [...delivered(2), ...delivered(0), ...delivered(1)], open);
    expect(state.phase).toBe("aggregating");
    expect(effects.at(-1)).toEqual({
      type: "aggregate",
      round: 1,
      accepted: [0, 1, 2],
      sampled: 3,
    });
  });

  it("[RE7] stores before it acknowledges", () => {
    const [storing, effects] = play(of, [arrived(1)], open);
    expect(effects).toEqual([{ type: "store", index: 1, round: 1, attempt: 1, hash: hash(1) }]);
    expect(play(of, [stored(1)], storing)[1]).toEqual([
      { type: "accept", index: 1, round: 1, hash: hash(1) },
    ]);
  });

  it("[RE7] the same update twice counts once, other bytes are refused", () => {
    const [once] = play(of, delivered(1), open);
    expect(play(of, [arrived(1)], once)[1]).toEqual([
      { type: "accept", index: 1, round: 1, hash: hash(1) },
    ]);
    const [same, effects] = play(of, [arrived(1, 1, 9)], once);
    expect(effects).toEqual([
      { type: "refuse", index: 1, round: 1, attempt: 1, hash: hash(9), code: "update-conflict" },
    ]);
    expect(same).toEqual(once);
  });

  it.each([
    ["wrong-round", arrived(0, 2)],
    ["late-update", arrived(0, 0)],
    ["not-selected", arrived(7)],
  ])("[RE6] refuses with %s and goes on", (code, event) => {
    const [state, effects] = play(of, [event], open);
    expect(effects).toMatchObject([{ type: "refuse", code }]);
    expect(state).toEqual(open);
  });

  it("[RE6] refuses what comes after the close", () => {
    const closed = play(
      of,
      [0, 1, 2].flatMap((k) => delivered(k)),
      open,
    )[0];
    const [, effects] = play(of, [{ ...arrived(1), hash: hash(5) } as RoundEvent], closed);
    expect(effects).toMatchObject([{ type: "refuse", code: "late-update" }]);
  });

  it("[RE8] a bad update is refused and does not hold up the round", () => {
    const bad: RoundEvent = {
      type: "arrived",
      index: 1,
      round: 1,
      hash: hash(1),
      problem: "not-finite",
    };
    const [state, effects] = play(of, [...delivered(0), bad, ...delivered(2)], open);
    expect(state.phase).toBe("aggregating");
    expect(effects.at(-1)).toMatchObject({ type: "aggregate", accepted: [0, 2] });
  });
});

describe("a client that holds another adapter", () => {
  it("[CL4] gets its order again for what it really holds", () => {
    const of = rules();
    const open = play(of, [start, joined(0, 0), joined(1, 0)])[0];
    const event: RoundEvent = {
      type: "taken",
      index: 0,
      round: 1,
      attempt: 1,
      holds: null,
      from: 0,
    };
    const [state, effects] = play(of, [event], open);
    expect(effects).toEqual([{ type: "order", index: 0, round: 1, attempt: 1 }]);
    expect(state.participants[0]?.holds).toBeNull();
  });
});

describe("the end", () => {
  it("[RE11] evaluates before the first and after each round and ends after the last", () => {
    const of = rules({}, 1);
    const phases: string[] = [];
    let state = initialState();
    const feed = (event: RoundEvent): void => {
      [state] = step(of, state, event);
      phases.push(state.phase);
    };
    feed(start);
    feed({ type: "evaluated", metrics: null });
    [joined(0), joined(1)].forEach(feed);
    for (const round of [1, 2]) {
      [...delivered(0, round), ...delivered(1, round)].forEach(feed);
      feed({ type: "aggregated" });
      feed({ type: "committed" });
      feed({ type: "evaluated", metrics: null });
    }
    expect(state.phase).toBe("completed");
    expect(phases.filter((phase) => phase === "evaluating")).toHaveLength(3);
  });

  it("[RE11] a stop while collecting calls off the orders", () => {
    const of = rules();
    const [state, effects] = play(of, [start, joined(0), joined(1), { type: "stop" }]);
    expect(state.phase).toBe("stopped");
    expect(types(effects)).toEqual(["stopTimer", "cancel", "cancel", "abandon", "finish"]);
  });
});
