import { runStates } from "@fedtune/figures";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aRun } from "../test-support/runs.ts";
import { columnNames, firstSorting, nextSorting, sortedRuns } from "./columns.ts";
import { isTroubled, runStateOf } from "./run-state.ts";
import { firstView, keptText, keptView, searchOf, viewOf } from "./view.ts";

const names = (runs: readonly { readonly id: string }[]) => runs.map(({ id }) => id);

describe("the state of a run", () => {
  it.each([
    ["completed", {}, "finished", ""],
    ["stopped", {}, "stopped", ""],
    ["failed", { failure: { code: "quorum-missed", message: "9 of 12" } }, "failed", "9 of 12"],
    ["running", { phase: "waiting", present: 9 }, "waiting", "9 here"],
    ["running", { phase: "collecting" }, "running", ""],
    ["running", { phase: "collecting", attempt: 2 }, "running", "attempt 2"],
    ["running", { phase: "collecting", paused: true }, "paused", ""],
  ] as const)("of a %s one with %j is %s", (status, state, name, detail) => {
    const run = aRun("a", { status, state });
    expect(runStateOf(run)).toEqual({ name, look: runStates[name], detail });
  });

  it("is trouble where a run waits, repeats, or plans to spend too much", () => {
    const spends = (planned: number, limit: number | null) =>
      aRun("a", { figures: { epsilon: { spent: 1, planned, limit, delta: 1e-5 } } });
    expect(isTroubled(aRun("a"))).toBe(false);
    expect(isTroubled(aRun("a", { state: { phase: "waiting" } }))).toBe(true);
    expect(isTroubled(aRun("a", { state: { attempt: 2 } }))).toBe(true);
    expect(isTroubled(spends(3.1, 3))).toBe(true);
    expect(isTroubled(spends(3, 3))).toBe(false);
    expect(isTroubled(spends(30, null))).toBe(false);
    expect(isTroubled(aRun("a", { status: "failed", state: { attempt: 2 } }))).toBe(false);
  });
});

describe("the order of the list", () => {
  const at = (day: number) => `2026-11-${String(day).padStart(2, "0")}T10:00:00Z`;
  const best = (value: number, metric = "accuracy") => ({
    figures: { best: { metric, round: 3, value } },
  });

  it("has what goes on above what has ended, the newest first", () => {
    const runs = [
      aRun("old", { createdAt: at(1) }),
      aRun("ended", { createdAt: at(9), status: "completed" }),
      aRun("new", { createdAt: at(5) }),
    ];
    expect(names(sortedRuns(runs, firstSorting))).toEqual(["new", "old", "ended"]);
  });

  it("puts a run without a figure last in both directions", () => {
    const runs = [aRun("none"), aRun("low", best(0.2)), aRun("high", best(0.9))];
    const by = "best";
    expect(names(sortedRuns(runs, { by, isDescending: true }))).toEqual(["high", "low", "none"]);
    expect(names(sortedRuns(runs, { by, isDescending: false }))).toEqual(["low", "high", "none"]);
  });

  it("takes the lowest loss for the best", () => {
    const runs = [aRun("worse", best(2, "loss")), aRun("better", best(1, "loss"))];
    expect(names(sortedRuns(runs, { by: "best", isDescending: true }))).toEqual([
      "better",
      "worse",
    ]);
  });

  it("begins figures with the greatest, words with A, and turns around on the second click", () => {
    expect(nextSorting(firstSorting, "bytesUp")).toEqual({ by: "bytesUp", isDescending: true });
    expect(nextSorting(firstSorting, "name")).toEqual({ by: "name", isDescending: false });
    expect(nextSorting(firstSorting, "started")).toEqual({ by: "started", isDescending: false });
  });
});

describe("the view in an address", () => {
  const view = fc.record({
    text: fc.string(),
    state: fc.option(fc.constantFrom(...(Object.keys(runStates) as (keyof typeof runStates)[]))),
    sorting: fc.record({ by: fc.constantFrom(...columnNames), isDescending: fc.boolean() }),
    columns: fc
      .shuffledSubarray([...columnNames].slice(1))
      .map((others) => ["name" as const, ...others]),
  });

  it("comes back from it and from what is kept", () => {
    fc.assert(
      fc.property(view, (one) => {
        expect(viewOf(searchOf(one), firstView)).toEqual(one);
        expect(keptView(keptText(one))).toEqual({ sorting: one.sorting, columns: one.columns });
      }),
    );
  });

  it("is empty for the view of a first visit", () => {
    expect(searchOf(viewOf("", firstView))).toBe("");
  });

  it.each(["", "null", "{", '{"columns":"name"}', '{"columns":[1,"x"],"sorting":"-x"}', "[]"])(
    "is that of a first visit after reading %j",
    (text) => {
      expect(keptView(text)).toEqual(firstView);
    },
  );
});
