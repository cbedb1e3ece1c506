import { describe, expect, test } from "vitest";
import { keepings, road, scene, session } from "../test-support/fixture.ts";
import { donePageView, guessView } from "./done.ts";
import { deletionText, minePageView } from "./mine.ts";

describe("after training", () => {
  const finished = { kind: "finished", status: "completed", rounds: 40, ...road } as const;

  test("what came of it", () => {
    const view = donePageView(finished, scene);
    expect(view.lead).toContain("8 of 40 rounds");
    expect(view.accuracy).toEqual({
      value: "82.6\u202F%",
      note: "from 68.4\u202F% at first; 184 messages that training never saw",
    });
    expect(view.remark).toMatch(/is exact: it stays on this device\. If you pass it on/);
    expect(view.keepWarning).toContain("messages alone");
  });

  test("a language model writes on, and is measured by pieces of words", () => {
    const invitation = { ...road.invitation, task: "causal-lm", labels: [] };
    const view = donePageView({ ...finished, invitation }, scene);
    expect(view.tryGives).toBe("text");
    expect(view.tryField).toMatch(/^How it begins/);
    expect(view.accuracyLabel).toContain("pieces of words");
    expect(donePageView(finished, scene)).toMatchObject({ tryGives: "labels" });
  });

  test("without a promise nothing is said of what one would cover", () => {
    const invitation = { ...road.invitation, privacy: { mode: "none" } as const };
    expect(donePageView({ ...finished, invitation }, scene).remark).toBeNull();
    const unmeasured = { ...finished, session: { ...session, accuracy: [] } };
    expect(donePageView(unmeasured, scene).remark).toBeNull();
  });

  test.each([
    [{ ...finished, status: "stopped" } as const, "The organiser has stopped the run"],
    [{ ...finished, status: "failed" } as const, "The run has ended early"],
    [{ kind: "left", ...road } as const, "You have left this run"],
    [
      {
        kind: "refused",
        problem: {
          code: "budget-exhausted",
          message: "",
          data: { spent: 8, budget: 8 },
          retryable: false,
        },
        ...road,
      } as const,
      "This device’s part has ended",
    ],
  ])("%#", (stage, title) => {
    expect(donePageView(stage, scene).title).toBe(title);
  });

  test("a device that sent nothing has no model to try", () => {
    const view = donePageView({ ...finished, session: { ...session, rounds: [] } }, scene);
    expect(view.hasModel).toBe(false);
    expect(view.lead).toContain("no model to try");
  });

  test("a guess is said as sure only where it is", () => {
    expect(guessView([{ label: "Billing", probability: 0.91 }]).answer).toBe(
      "The model says “Billing”",
    );
    expect(guessView([{ label: "Billing", probability: 0.3 }]).answer).toContain("not sure");
    expect(guessView([]).bars).toEqual([]);
  });
});

describe("what this browser keeps", () => {
  test("runs, the latest first, and one record per file", () => {
    const view = minePageView(keepings, scene);
    expect(view.runs.map(({ which, state }) => [which.run, state.word])).toEqual([
      ["message-triage", "Taking part"],
      ["letters-spring", "Finished"],
    ]);
    expect(view.runs[0]?.facts).toEqual([
      ...["messages-2026.csv", "8 rounds", "1.18\u202FMB sent", "since 21 Nov 2026"],
    ]);
    expect(view.records).toHaveLength(1);
    expect(view.isEmpty).toBe(false);
  });

  test("deleting says in numbers what goes", () => {
    expect(deletionText(keepings, { keepRecords: false })).toBe(
      "Deletes 82,968 numbers, 1 privacy record and the keys from this browser. The joint model stays with the others.",
    );
    expect(deletionText(keepings, { keepRecords: true })).toBe(
      "Deletes 82,968 numbers and the keys from this browser. 1 privacy record is kept. The joint model stays with the others.",
    );
    const nothingOwn = deletionText({ ...keepings, ownNumbers: 0 }, { keepRecords: false });
    expect(nothingOwn).toMatch(/^Deletes what was learned, 1 privacy record and the keys/);
    expect(deletionText(null, { keepRecords: false })).not.toMatch(/\d/);
  });
});
