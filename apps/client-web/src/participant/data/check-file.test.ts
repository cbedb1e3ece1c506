import { utf8 } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { readRows } from "@fedtune/training";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FileProblem } from "../file-report.ts";
import { checkFile } from "./check-file.ts";
import { noChoices } from "./choices.ts";
import type { CheckedFile, FileChoices, WantedData } from "./choices.ts";
import { sourceOf } from "./source.ts";

const wanted: WantedData = {
  isLanguage: false,
  labels: ["appointment", "prescription", "other"],
  hints: { text: "text", textPair: null, label: "label" },
  minimumExamples: 2,
  limitBytes: 1_000_000,
};
const control = { signal: new AbortController().signal, onProgress: () => undefined };

function check(
  content: string | Uint8Array<ArrayBuffer>,
  { name = "rows.csv", choices = {}, want = {} }: Asked = {},
): Promise<CheckedFile> {
  const source = sourceOf(new Blob([content]), name);
  const task = { wanted: { ...wanted, ...want }, choices: { ...noChoices, ...choices } };
  return checkFile(source, task, control);
}

interface Asked {
  readonly name?: string;
  readonly choices?: Partial<FileChoices>;
  readonly want?: Partial<WantedData>;
}

const kinds = ({ problems }: CheckedFile): readonly string[] => problems.map(({ kind }) => kind);
const rowsOf = async ({ copy }: CheckedFile): Promise<unknown[]> =>
  ((await copy?.text()) ?? "")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

const good = "id,text,label\n1,when?,appointment\n2,pills,prescription\n3,hello,other\n";

describe("a look at a data file", () => {
  it("[DA1] finds facts, a preview, and copies the used columns alone", async () => {
    const found = await check(good);
    expect(found.problems).toEqual([]);
    expect(found.facts).toEqual({
      ...{ name: "rows.csv", bytes: good.length, format: "csv", rows: 3, usedRows: 3 },
      sha256: nodeHash.sha256(utf8(good)),
      columns: ["id", "text", "label"],
      mapping: { text: "text", label: "label" },
      preview: {
        columns: ["id", "text", "label"],
        rows: [
          ["1", "when?", "appointment"],
          ["2", "pills", "prescription"],
          ["3", "hello", "other"],
        ],
      },
      labels: wanted.labels.map((label) => ({ label, rows: 1 })),
      ...{ mappedLabels: {}, leavesOutUnknown: false },
    });
    expect(await rowsOf(found)).toEqual([
      { text: "when?", label: "appointment" },
      { text: "pills", label: "prescription" },
      { text: "hello", label: "other" },
    ]);
  });

  it.each([
    ["rows.tsv", "text\tlabel\na\tother\nb\tother\n"],
    ["rows.jsonl", '{"text":"a","label":"other"}\n{"label":"other","text":"b"}\n'],
    ["ROWS.CSV", "Text , LABEL\r\na,other\r\nb,other\r\n"],
  ])("reads %s", async (name, content) => {
    const found = await check(content, { name });
    expect([found.problems, found.facts?.usedRows]).toEqual([[], 2]);
    expect(await rowsOf(found)).toEqual([
      { text: "a", label: "other" },
      { text: "b", label: "other" },
    ]);
  });

  it("[WP13] asks which column is meant, with the one that holds the run's labels as a suggestion", async () => {
    const content =
      "id,message,category\n1,when do you open,appointment\n2,my pills,prescription\n";
    const found = await check(content);
    expect(found.problems).toEqual([
      {
        ...{ kind: "column-missing", role: "text", wanted: "text" },
        ...{ found: ["id", "message", "category"], suggestion: "message" },
      },
      {
        ...{ kind: "column-missing", role: "label", wanted: "label" },
        ...{ found: ["id", "message", "category"], suggestion: "category" },
      },
    ]);
    expect([found.facts?.mapping, found.facts?.rows]).toEqual([null, 2]);
    const mapping = { text: "message", label: "category" };
    const mapped = await check(content, { choices: { mapping } });
    expect([mapped.problems, mapped.facts?.usedRows]).toEqual([[], 2]);
  });

  it("[DA2] names labels that the run does not know, and leaves them out or maps them when told", async () => {
    const content = `${good}4,x,Prescription\n5,y,Rezept\n6,z,Rezept\n`;
    const found = await check(content);
    expect(found.problems).toEqual([
      {
        ...{ kind: "labels-unknown", rows: 3 },
        labels: [
          { label: "Rezept", rows: 2, line: 6, nearest: null },
          { label: "Prescription", rows: 1, line: 5, nearest: "prescription" },
        ],
      },
    ]);
    expect([found.facts?.rows, found.facts?.usedRows, found.copy]).toEqual([6, 3, null]);
    const without = await check(content, { choices: { leavesOutUnknown: true } });
    expect([without.problems, (await rowsOf(without)).length]).toEqual([[], 3]);
    const labels = { Rezept: "prescription", Prescription: "prescription" };
    const mapped = await check(content, { choices: { labels } });
    expect(mapped.problems).toEqual([]);
    expect((await rowsOf(mapped)).at(-1)).toEqual({ text: "z", label: "prescription" });
    expect(mapped.facts?.labels[1]).toEqual({ label: "prescription", rows: 4 });
  });

  describe("for a language model", () => {
    const language = { isLanguage: true, labels: [] };
    const chat = JSON.stringify([
      { role: "user", content: "When?" },
      { role: "assistant", content: "At nine." },
    ]);

    it.each<[string, string, string, object, object]>([
      [
        "one text",
        "a.csv",
        "id,text\n1,once\n2,upon\n",
        { completion: "text" },
        { completion: "once" },
      ],
      [
        "the only column",
        "a.csv",
        "story\nonce\nupon\n",
        { completion: "story" },
        { completion: "once" },
      ],
      [
        "a prompt with its completion",
        "a.tsv",
        "Question\tAnswer\nwhen?\tnine\nwhere?\there\n",
        { prompt: "Question", completion: "Answer" },
        { prompt: "when?", completion: "nine" },
      ],
      [
        "conversations",
        "a.jsonl",
        `{"id":"1","talk":${chat}}\n{"id":"2","talk":${chat}}\n`,
        { messages: "talk" },
        { messages: chat },
      ],
    ])("takes %s", async (_, name, content, mapping, row) => {
      const found = await check(content, { name, want: language });
      expect([found.problems, found.facts?.mapping, found.facts?.labels]).toEqual([
        [],
        mapping,
        [],
      ]);
      const rows = await rowsOf(found);
      expect([rows.length, rows[0]]).toEqual([2, row]);
    });

    it("asks which column is learned where no name tells, and takes the longest for it", async () => {
      const content = "id,body,note\n1,once upon a time,x\n2,there was a,y\n";
      const found = await check(content, { want: language });
      expect(found.problems).toEqual([
        {
          ...{ kind: "column-missing", role: "completion", wanted: "text" },
          ...{ found: ["id", "body", "note"], suggestion: "body" },
        },
      ]);
      const mapping = { prompt: "note", completion: "body" };
      const mapped = await check(content, { want: language, choices: { mapping } });
      expect((await rowsOf(mapped))[0]).toEqual({ prompt: "x", completion: "once upon a time" });
    });

    it("names the line that is no conversation, and one in which the assistant says nothing", async () => {
      const mute = JSON.stringify([{ role: "user", content: "Hello?" }]);
      for (const bad of ['"hello"', mute]) {
        const content = `{"messages":${chat}}\n{"messages":${bad}}\n`;
        const mapping = { messages: "messages" };
        const asked = { name: "a.jsonl", want: language, choices: { mapping } };
        const { problems } = await check(content, asked);
        expect(problems).toMatchObject([{ kind: "unreadable", error: { data: { line: 2 } } }]);
      }
    });
  });

  it("a label called __proto__ is a label like others", async () => {
    const found = await check(`${good}4,x,__proto__\n5,y,constructor\n`);
    expect(found.problems).toMatchObject([{ kind: "labels-unknown", rows: 2 }]);
  });

  it("counts the used rows against what the run asks for", async () => {
    const found = await check(good, { want: { minimumExamples: 100 } });
    expect(found.problems).toEqual([{ kind: "too-few-rows", rows: 3, wanted: 100 }]);
    expect(kinds(await check("text,label\na,x\nb,y\n"))).toEqual([
      "labels-unknown",
      "too-few-rows",
    ]);
  });

  it("refuses what is too large before it reads a byte, and files of other kinds by their names", async () => {
    const source = {
      ...{ name: "rows.csv", bytes: 500_000_000 },
      stream: () => expect.unreachable("it was read"),
    };
    const task = { wanted, choices: noChoices };
    expect((await checkFile(source, task, control)).problems).toEqual([
      { kind: "too-large", bytes: 500_000_000, limitBytes: 1_000_000 },
    ]);
    const other = (name: string, bytes: number) =>
      checkFile({ ...source, name, bytes }, task, control);
    expect((await other("photo.jpeg", 9)).problems).toEqual([
      { kind: "format-unknown", name: "photo.jpeg", isFolder: false },
    ]);
    expect((await other("photos", 4096)).problems).toEqual([
      { kind: "format-unknown", name: "photos", isFolder: true },
    ]);
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, RegExp]>([
    ["nothing", "", /it is empty, expected a header line/],
    ["a header alone", "text,label\n", /it has no rows, expected at least 1/],
    [
      "a doubled column",
      "text,text,label\na,b,c\n",
      /line 1: the header names the column "text" twice/,
    ],
    ["a row too short", "text,label\na,other\nb\n", /line 3:/],
    ["an open quote", 'text,label\n"a,other\n', /Cannot read rows\.csv, line/],
    ["no UTF-8", Uint8Array.of(116, 44, 0xff, 10), /it is not valid UTF-8/],
  ])("[DA1] says what the command line says about %s", async (_, content, message) => {
    const { problems, copy } = await check(content);
    expect([problems.length, copy]).toEqual([1, null]);
    const [problem] = problems as readonly Extract<FileProblem, { kind: "unreadable" }>[];
    expect(problem?.error).toMatchObject({ code: "data-invalid", retryable: false });
    expect(problem?.error.message).toMatch(message);
  });

  it("leaves columns without text out of a preview of JSON Lines", async () => {
    const row = { tags: null, text: "a", label: "other", extra: null };
    const found = await check(`${JSON.stringify(row)}\n${JSON.stringify(row)}\n`, {
      name: "rows.jsonl",
    });
    expect(found.facts?.columns).toEqual(["text", "label"]);
    expect(found.problems).toEqual([]);
  });

  it("stops when it is called off", async () => {
    const abort = new AbortController();
    abort.abort(new Error("another file"));
    const reading = checkFile(
      sourceOf(new Blob([good]), "rows.csv"),
      { wanted, choices: noChoices },
      { ...control, signal: abort.signal },
    );
    await expect(reading).rejects.toThrow("another file");
  });

  it("[DA1] the copy has every used row as it was, whatever its texts are", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    const rows = fc.array(fc.record({ text, label: fc.constantFrom(...wanted.labels) }), {
      minLength: 2,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const content = list.map((row) => `${JSON.stringify(row)}\n`).join("");
        const found = await check(content, { name: "rows.jsonl" });
        const columns = ["text", "label"];
        const request = { path: "copy", format: "jsonl", columns } as const;
        const read: object[] = [];
        const copy = sourceOf(found.copy ?? new Blob(), "copy").stream();
        for await (const { values } of readRows(copy, request))
          read.push({ text: values[0], label: values[1] });
        expect(read).toEqual(list);
      }),
      { numRuns: 50 },
    );
  });
});
