import { describe, expect, it } from "vitest";
import {
  hash,
  rules,
  play,
  start,
  joined,
  delivered,
  types,
  left,
} from "../test-support/round-play.ts";
import type { RoundEvent } from "./types.ts";

describe("losing clients", () => {
  const of = rules({ minAvailableClients: 3, reconnectGraceMs: 50 });
  const open = play(of, [start, joined(0), joined(1), joined(2)])[0];

  it("[RE12] re-checks when a client leaves: two have delivered, the third goes, the round closes", () => {
    const waiting = play(of, [...delivered(0), ...delivered(1), left(2)], open);
    expect(waiting[1]).toEqual([{ type: "startTimer", timer: "grace-2", ms: 50 }]);
    const [state] = play(of, [{ type: "timer", timer: "grace-2" }], waiting[0]);
    expect(state.phase).toBe("aggregating");
  });

  it("[RE12] a client that comes back in time gets its order again", () => {
    const [state, effects] = play(of, [left(2), joined(2)], open);
    expect(effects).toEqual([
      { type: "stopTimer", timer: "grace-2" },
      { type: "order", index: 2, round: 1, attempt: 1 },
    ]);
    expect(state.counts.ordered).toBe(3);
  });

  it("[RE5] an attempt that cannot reach its quorum any more is abandoned and tried again", () => {
    const events: RoundEvent[] = [
      ...delivered(0),
      left(1),
      left(2),
      { type: "timer", timer: "grace-1" },
      { type: "timer", timer: "grace-2" },
    ];
    const [state, effects] = play(of, events, open);
    expect(types(effects)).toContain("abandon");
    expect(state).toMatchObject({ phase: "waiting", round: 1, attempt: 2 });
  });

  it("[RE5] an update that an abandoned attempt accepted counts in the next one", () => {
    const again: RoundEvent[] = [
      ...delivered(0),
      left(1),
      left(2),
      { type: "timer", timer: "grace-1" },
      { type: "timer", timer: "grace-2" },
      joined(1),
      joined(2),
    ];
    const [state, effects] = play(of, again, open);
    expect(state.attempt).toBe(2);
    expect(state.cohort[0]).toMatchObject({ index: 0, status: "accepted", hash: hash(0) });
    expect(
      effects.filter((effect) => effect.type === "order").map((effect) => effect.index),
    ).toEqual([1, 2]);
  });

  it("[RE4] [RE5] the deadline takes what makes the quorum, else gives up after maxAttempts", () => {
    const timeout: RoundEvent = { type: "timer", timer: "round" };
    expect(play(of, [...delivered(0), ...delivered(1), timeout], open)[0].phase).toBe(
      "aggregating",
    );
    const strict = rules({ minAvailableClients: 3, maxAttempts: 1 });
    const [failed] = play(
      strict,
      [...delivered(0), timeout],
      play(strict, [start, joined(0), joined(1), joined(2)])[0],
    );
    expect(failed).toMatchObject({ phase: "failed", failure: { code: "quorum-missed" } });
  });
});
