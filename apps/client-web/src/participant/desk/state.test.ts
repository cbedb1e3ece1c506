import { describe, expect, it } from "vitest";
import { noMemory } from "../session/report.ts";
import type { RoadStep, StoredMembership } from "../storage/memberships.ts";
import { initialState, snapshotOf, stageKindOf, stageOf } from "./state.ts";
import type { DeskState, Live } from "./state.ts";

const problem = { code: "credential-revoked", message: "", data: {}, retryable: false } as const;
const membership = (step: RoadStep, changes: Partial<StoredMembership> = {}): StoredMembership =>
  ({
    ...{ step, invitation: { title: "triage" }, client: "tab-1", pausedByHolder: false },
    ...{ end: null, problem: null },
    ...changes,
  }) as StoredMembership;
const at = (step: RoadStep, live: Live = { kind: "idle" }, changes = {}): DeskState => ({
  ...initialState,
  ...{ front: null, membership: membership(step, changes), live },
});

describe("the stage", () => {
  it("is what stands before the road, as long as there is any", () => {
    expect(stageOf(initialState)).toEqual({ kind: "opening" });
    const front = { kind: "unsupported", missing: ["ed25519"] } as const;
    expect(stageOf({ ...at("started"), front })).toBe(front);
    expect(stageOf({ ...initialState, front: null })).toEqual({ kind: "no-invitation" });
  });

  it.each(["invited", "file", "device", "ready", "left"] as const)(
    "%s is the step that was reached, whatever reload there was",
    (step) => {
      expect(stageOf(at(step))).toMatchObject({
        ...{ kind: step, client: "tab-1", invitation: { title: "triage" } },
        session: noMemory.report,
      });
    },
  );

  it("of one who has started is what goes on; nothing going on is a pause", () => {
    expect(stageOf(at("started"))).toMatchObject({ kind: "paused", by: "holder" });
    const lives: readonly Live[] = [
      { kind: "starting" },
      { kind: "training" },
      { kind: "paused", by: "battery" },
      { kind: "failed", problem },
    ];
    expect(lives.map((live) => stageOf(at("started", live)))).toMatchObject(lives);
  });

  it("elsewhere shows the other tab's session once that has said something", () => {
    const report = { ...noMemory.report, bytesUp: 148 };
    expect(stageOf(at("started", { kind: "elsewhere", report }))).toMatchObject({
      ...{ kind: "elsewhere", session: { bytesUp: 148 } },
    });
    expect(stageOf(at("started", { kind: "elsewhere", report: null }))).toMatchObject({
      session: { bytesUp: 0 },
    });
  });

  it("of an end says how it ended, and outlives what else goes on", () => {
    const end = { status: "stopped", rounds: 7 } as const;
    expect(stageOf(at("finished", { kind: "training" }, { end }))).toMatchObject({
      ...{ kind: "finished", ...end },
    });
    expect(stageOf(at("refused", { kind: "idle" }, { problem }))).toMatchObject({
      ...{ kind: "refused", problem },
    });
  });

  it("in a list is the step, or whether a started one stands still", () => {
    expect(stageKindOf(membership("started"))).toBe("training");
    expect(stageKindOf(membership("started", { pausedByHolder: true }))).toBe("paused");
    expect(stageKindOf(membership("finished"))).toBe("finished");
  });

  it("keeps the parts that did not change as they are", () => {
    const state = at("started", { kind: "training" });
    const [one, two] = [snapshotOf(state), snapshotOf({ ...state, keepings: null })];
    if (!("session" in one.stage) || !("session" in two.stage)) throw new Error("no road");
    expect(two.stage.session).toBe(one.stage.session);
    expect(two.settings).toBe(one.settings);
  });
});
