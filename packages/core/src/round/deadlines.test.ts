/** The deadline with uploads under way, and pauses. */
import { describe, expect, it } from "vitest";
import {
  arrived,
  delivered,
  joined,
  left,
  play,
  rules,
  start,
  stored,
  types,
} from "../test-support/round-play.ts";
import { initialState } from "./state.ts";
import type { RoundEvent } from "./types.ts";

const of = rules({ minAvailableClients: 4, uploadGraceMs: 30, reconnectGraceMs: 5 });
const open = play(of, [start, ...[0, 1, 2, 3].map((k) => joined(k))])[0];
const deadline: RoundEvent = { type: "timer", timer: "round" };
const uploading = (index: number, round = 1): RoundEvent => ({ type: "uploading", index, round });

describe("uploads at the deadline", () => {
  const late = play(of, [...delivered(0), ...delivered(1), uploading(2)], open)[0];
  const [inGrace, effects] = play(of, [deadline], late);

  it("[RE23] have the grace to finish", () => {
    expect(effects).toEqual([{ type: "startTimer", timer: "round", ms: 30 }]);
    const [closed] = play(of, [arrived(2), stored(2)], inGrace);
    expect(closed.phase).toBe("aggregating");
    expect(closed.counts).toMatchObject({ accepted: 3, ordered: 1 });
  });

  it("[RE23] once: at the end of the grace the round takes what it has", () => {
    const [closed, after] = play(of, [deadline], inGrace);
    expect(closed.phase).toBe("aggregating");
    expect(after.at(-1)).toMatchObject({ type: "aggregate", accepted: [0, 1] });
  });

  it("[RE23] nobody else is waited for: not who begins to upload in the grace, not who has gone", () => {
    const [same] = play(of, [uploading(3)], inGrace);
    expect(same).toEqual(inGrace);
    expect(play(of, [left(2)], inGrace)[0].phase).toBe("collecting");
    const events: RoundEvent[] = [left(2), { type: "timer", timer: "grace-2" }];
    expect(play(of, events, inGrace)[0].phase).toBe("aggregating");
  });

  it("[RE23] an update that is being stored at the deadline is waited for, too", () => {
    const storing = play(of, [...delivered(0), ...delivered(1), arrived(2)], open)[0];
    const [still] = play(of, [deadline], storing);
    expect(still).toMatchObject({ phase: "collecting", inGrace: true });
    expect(play(of, [stored(2)], still)[0].counts.accepted).toBe(3);
  });

  it("[RE23] without uploads under way, or with a grace of 0, the deadline is the deadline", () => {
    const quiet = play(of, [...delivered(0), ...delivered(1)], open)[0];
    expect(play(of, [deadline], quiet)[0].phase).toBe("aggregating");
    const strict = rules({ minAvailableClients: 4, uploadGraceMs: 0 });
    expect(play(strict, [deadline], late)[0].phase).toBe("aggregating");
  });

  it("[RE23] uploads of other rounds, and of clients that were not asked, change nothing", () => {
    expect(play(of, [uploading(2, 2), uploading(9)], open)[0]).toEqual(open);
  });
});

describe("a pause", () => {
  const pause: RoundEvent = { type: "pause" };
  const resume: RoundEvent = { type: "resume" };
  const two = rules({ minAvailableClients: 2 });

  it("[RE24] lets the attempt at hand finish and opens no other", () => {
    const [paused, effects] = play(two, [start, joined(0), joined(1), pause]);
    expect([paused.phase, effects]).toEqual(["collecting", [{ type: "savePaused", paused: true }]]);
    const round: RoundEvent[] = [...delivered(0), ...delivered(1)];
    const [waiting, after] = play(
      two,
      [...round, { type: "aggregated" }, { type: "committed" }],
      paused,
    );
    expect(waiting).toMatchObject({ phase: "waiting", round: 2, paused: true });
    expect(types(after)).toEqual(["publish"]);
  });

  it("[RE24] holds its wait, and resumed waits anew", () => {
    const [paused, effects] = play(two, [start, joined(0), pause]);
    expect(types(effects)).toEqual(["savePaused", "stopTimer"]);
    const late: RoundEvent = { type: "timer", timer: "wait" };
    expect(play(two, [late, joined(1)], paused)[0].phase).toBe("waiting");
    const [again, begun] = play(two, [resume], paused);
    expect(again.phase).toBe("waiting");
    expect(begun).toEqual([
      { type: "savePaused", paused: false },
      { type: "startTimer", timer: "wait", ms: 600_000 },
    ]);
    const [both, opened] = play(two, [joined(1), resume], paused);
    expect(both.phase).toBe("collecting");
    expect(types(opened)).toContain("open");
  });

  it("[RE24] outlives the process: a later one waits for the operator, and takes up what was open", () => {
    const [idle, effects] = play(
      two,
      [start, joined(0), joined(1)],
      initialState({ round: 1, paused: true }),
    );
    expect([idle.phase, effects]).toEqual(["waiting", []]);
    expect(play(two, [resume], idle)[0].phase).toBe("collecting");
    expect(play(two, [{ type: "stop" }], idle)[0].phase).toBe("stopped");
  });

  it("[RE24] twice is once", () => {
    const [paused] = play(two, [start, pause]);
    expect(play(two, [pause], paused)).toEqual([paused, []]);
    const [resumed] = play(two, [resume], paused);
    expect(play(two, [resume], resumed)).toEqual([resumed, []]);
  });

  it("[RE11] asked to stop after the close, a run commits its round and does not evaluate it", () => {
    const evaluating = rules({ minAvailableClients: 2 }, 1);
    const events: RoundEvent[] = [{ type: "evaluated", metrics: null }, joined(0), joined(1)];
    const closing: RoundEvent[] = [...delivered(0), ...delivered(1), { type: "stop" }];
    const done: RoundEvent[] = [{ type: "aggregated" }, { type: "committed" }];
    const [stopped, effects] = play(evaluating, [start, ...events, ...closing, ...done]);
    expect([stopped.phase, stopped.round]).toEqual(["stopped", 1]);
    expect(types(effects)).toEqual(["publish", "finish"]);
  });
});
