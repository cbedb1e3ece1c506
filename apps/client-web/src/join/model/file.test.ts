import { describe, expect, test } from "vitest";
import type { ColumnMapping, FileProblem, Road } from "../../participant/index.ts";
import { fileFacts, freshRoad, invitation, labels } from "../test-support/fixture.ts";
import { changedMapping, filePageView } from "./file.ts";
import { problemViews, repairedMapping } from "./file-problems.ts";

const at = (file: Road["file"]): Road => ({ ...freshRoad, file });

describe("the page of the file", () => {
  test("says what the run needs before anything is chosen", () => {
    const view = filePageView(at({ kind: "none" }));
    expect(view.needs).toEqual([
      "a column with the text of each message",
      "a column with its label, one of 12",
      "at least 100 messages",
    ]);
    expect([view.canGoOn, view.file]).toEqual([false, null]);
  });

  test("shows how far it has read", () => {
    const file = { kind: "reading", name: "a.csv", bytes: 512e6, doneBytes: 128e6 } as const;
    expect(filePageView(at(file)).reading).toEqual({
      name: "a.csv",
      text: "128\u202FMB of 512\u202FMB",
      share: 0.25,
    });
  });

  test("shows five rows, the columns in use, and how often each label occurs", () => {
    const view = filePageView(at({ kind: "usable", facts: fileFacts }));
    expect(view.canGoOn).toBe(true);
    expect(view.file?.facts).toBe("1,842 messages, 611\u202FkB");
    expect(view.file?.preview?.caption).toBe("First 5 of 1,842 messages");
    expect(view.file?.preview?.rows).toHaveLength(5);
    expect(view.file?.preview?.columns.map(({ role }) => role)).toEqual([null, "Text", "Label"]);
    expect(view.file?.labels[0]).toEqual({ label: "Appointment", count: "412", share: 1 });
    expect(view.file?.remarks).toEqual([]);
  });

  test("tells what was set aside and what counts as something else", () => {
    const facts = {
      ...fileFacts,
      usedRows: 1828,
      leavesOutUnknown: true,
      mappedLabels: { Rezept: "Prescription" },
    };
    expect(filePageView(at({ kind: "usable", facts })).file?.remarks).toEqual([
      "14 messages are left out.",
      "“Rezept” counts as “Prescription”.",
    ]);
  });

  test("changing one column keeps the others", () => {
    const fields = filePageView(at({ kind: "usable", facts: fileFacts })).file?.mapping ?? [];
    expect(changedMapping(fields, { role: "text", column: "id" })).toEqual({
      text: "id",
      label: "category",
    });
    const unknown = fields.map((field) => ({ ...field, value: null }));
    expect(changedMapping(unknown, { role: "text", column: "id" })).toBeNull();
  });
});

describe("the file of a language model", () => {
  const language = { ...invitation, task: "causal-lm", labels: [] };
  const on = (mapping: ColumnMapping): Road => {
    const facts = { ...fileFacts, mapping, labels: [] };
    return { ...at({ kind: "usable", facts }), invitation: language };
  };

  test("needs a text, two columns, or conversations; no labels", () => {
    const view = filePageView({ ...at({ kind: "none" }), invitation: language });
    expect(view.needs).toEqual([
      "a column with the text of each message",
      "or two columns: what it answers to, and the text itself",
      "or one with whole conversations, in JSON Lines",
      "at least 100 messages",
    ]);
    expect(view.wantedLabels).toEqual([]);
  });

  test("what comes before the text can be named, and taken back", () => {
    const { file } = filePageView(on({ completion: "text" }));
    expect(file?.preview?.columns.map(({ role }) => role)).toEqual([null, "Text to learn", null]);
    const fields = file?.mapping ?? [];
    const before = { role: "prompt", column: "category" } as const;
    const both = { prompt: "category", completion: "text" };
    expect(changedMapping(fields, before)).toEqual(both);
    const again = filePageView(on(both)).file?.mapping ?? [];
    expect(changedMapping(again, { role: "prompt", column: null })).toEqual({ completion: "text" });
    expect(changedMapping(again, { role: "completion", column: null })).toBeNull();
  });

  test("conversations are one column", () => {
    const { file } = filePageView(on({ messages: "text" }));
    expect(file?.mapping.map(({ label }) => label)).toEqual(["Conversation"]);
  });

  test("a text that was named is the one that is learned", () => {
    const unmapped = { ...fileFacts, mapping: null };
    expect(repairedMapping(unmapped, { completion: "id" }, language)).toEqual({ completion: "id" });
  });
});

const about = { invitation, facts: fileFacts };
const problemView = (problem: FileProblem) => problemViews([problem], about)[0]!;

/** Every kind of problem once. */
const problems: Readonly<Record<FileProblem["kind"], FileProblem>> = {
  "column-missing": {
    ...({ kind: "column-missing", role: "label", wanted: "label" } as const),
    ...{ found: ["id", "text", "category"], suggestion: "category" },
  },
  "labels-unknown": {
    ...({ kind: "labels-unknown", rows: 14 } as const),
    labels: [{ label: "Rezept", rows: 13, line: 212, nearest: null }],
  },
  "too-few-rows": { kind: "too-few-rows", rows: 18, wanted: 100 },
  "too-large": { kind: "too-large", bytes: 512e6, limitBytes: 380e6 },
  "format-unknown": { kind: "format-unknown", name: "photos", isFolder: true },
  unreadable: {
    kind: "unreadable",
    error: {
      ...({ code: "data-invalid", message: "line 7 has 2 fields" } as const),
      ...{ data: { line: 7 }, retryable: false },
    },
  },
  "no-pictures": { kind: "no-pictures", name: "photos" },
  "pictures-broken": {
    ...({ kind: "pictures-broken", count: 7 } as const),
    pictures: [
      { path: "cats/1.png", reason: "content" },
      { path: "cats/notes.txt", reason: "ending" },
    ],
  },
  "copy-lost": { kind: "copy-lost" },
};

describe("problems of a file", () => {
  test.each(Object.values(problems).map((problem) => [problem.kind, problem] as const))(
    "%s says what to do",
    (_kind, problem) => {
      const view = problemView(problem);
      expect(view.title + view.text).not.toMatch(/[{}]/);
      expect(view.offers.length).toBeGreaterThan(0);
    },
  );

  test("a missing column offers the ones that are there", () => {
    const view = problemView(problems["column-missing"]);
    expect(view.title).toBe("Your file has no column “label”");
    expect(view.text).toBe("Found: id, text, category. Which one holds the label?");
    expect(view.offers[0]).toMatchObject({
      kind: "choose-columns",
      fields: [{ role: "label", suggestion: "category" }],
    });
  });

  test("several missing columns are one question", () => {
    const label = problems["column-missing"] as Extract<FileProblem, { kind: "column-missing" }>;
    const text = { ...label, role: "text", wanted: "message", suggestion: "text" } as const;
    const views = problemViews([text, label], about);
    expect(views.map(({ title }) => title)).toEqual([
      "Your file has no columns “message” and “label”",
    ]);
    expect(views[0]?.offers[0]).toMatchObject({
      fields: [{ field: "Text" }, { field: "Label" }],
      button: "Use these columns",
    });
  });

  test("unknown labels are counted, the first one is shown with its line", () => {
    const view = problemView(problems["labels-unknown"]);
    expect(view.title).toBe("14 of 1,842 messages have a label this run does not know");
    expect(view.text).toMatch(/^“Rezept” in line 212, and 13 more\./);
    expect(view.offers[0]).toMatchObject({ leaveOut: "Leave out 14 messages", labels });
  });

  test("one row is said as one", () => {
    const one = { ...problems["labels-unknown"], rows: 1 } as FileProblem;
    expect(problemView(one).title).toMatch(/^One of 1,842 messages has/);
    expect(problemView({ kind: "too-few-rows", rows: 1, wanted: 100 }).title).toBe(
      "One message is too few for this run",
    );
    expect(problemView({ kind: "too-few-rows", rows: 0, wanted: 100 }).title).toBe(
      "This file is empty",
    );
  });

  test("a repaired column keeps what is known of the others", () => {
    const unmapped = { ...fileFacts, mapping: null };
    const repair = { label: "category" };
    expect(repairedMapping(unmapped, repair, invitation)).toEqual({
      text: "text",
      label: "category",
    });
    const other = { ...invitation.dataColumns, text: "body" };
    expect(repairedMapping(unmapped, repair, { ...invitation, dataColumns: other })).toBeNull();
    // Its name was found whatever its capitals are: it is found again.
    const capitals = { ...unmapped, columns: ["id", "Text", "category"] };
    expect(repairedMapping(capitals, repair, invitation)).toMatchObject({ text: "Text" });
  });
});
