import { utf8 } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../files.ts";
import { discoverLabels, openDataStore } from "./dataset.ts";
import { readRows } from "./records.ts";
import type { DataRow } from "./records.ts";
import { fileData } from "./reference.ts";

/** A tokenizer of one id per character. */
const letters = {
  vocabularySize: 256,
  encode: (text: string, pair: string | null, maxLength: number) => {
    const ids = Int32Array.from(
      { length: Math.min((text + (pair ?? "")).length, maxLength) },
      () => 1,
    );
    return { ids, types: new Int32Array(ids.length) };
  },
};

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rows(
  content: string | Uint8Array,
  options: { path?: string; size?: number; columns?: string[] } = {},
): Promise<DataRow[]> {
  const { path = "d.csv", size = 7, columns = ["text", "label"] } = options;
  const found: DataRow[] = [];
  const bytes = typeof content === "string" ? utf8(content) : content;
  const format = path.endsWith("tsv") ? "tsv" : path.endsWith("jsonl") ? "jsonl" : "csv";
  for await (const row of readRows(pieces(bytes, size), { path, format, columns })) found.push(row);
  return found;
}

describe("rows", () => {
  test.each([1, 3, 1000])(
    "[DA1] CSV with quotes, line ends inside and a byte order mark, in chunks of %i",
    async (size) => {
      const text = '\ufefflabel,extra,text\r\na,1,"x, ""y""\nz"\r\nb,2,é\n';
      const found = await rows(text, { size });
      expect(found.map(({ values }) => values)).toEqual([
        ['x, "y"\nz', "a"],
        ["é", "b"],
      ]);
    },
  );

  test("[DA1] TSV reads quotes as they stand", async () => {
    expect(await rows('text\tlabel\n"a\tb\n', { path: "d.tsv" })).toEqual([
      { line: 2, values: ['"a', "b"] },
    ]);
  });

  test("[DA1] JSON Lines with numbers as labels and empty lines", async () => {
    expect(
      await rows('{"label":1,"text":"a"}\n\n{"text":"b","label":"x"}', { path: "d.jsonl" }),
    ).toEqual([
      { line: 1, values: ["a", "1"] },
      { line: 3, values: ["b", "x"] },
    ]);
  });

  test.each([
    [
      "a missing column",
      "text,lable\na,b\n",
      /d\.csv, line 1: there is no column "label"; columns: text, lable/,
    ],
    [
      "a doubled column",
      "text,label,text\n",
      /d\.csv, line 1: the header names the column "text" twice/,
    ],
    ["a short row", "text,label\na,b\nc\n", /d\.csv, line 3: Invalid Record Length/],
    ["an open quote", 'text,label\n"a,b\n', /d\.csv, line \d+: Quote Not Closed/],
    ["an empty file", "", /d\.csv: it is empty/],
  ])("[DA1] %s is reported with file and line", async (_what, text, message) => {
    await expect(rows(text)).rejects.toThrow(message);
  });

  test.each([
    [
      "text that is not JSON",
      '{"text":"a","label":"b"}\n{oops\n',
      /d\.jsonl, line 2: it is not JSON/,
    ],
    ["a JSON list", "[1]\n", /d\.jsonl, line 1: it is not a JSON object/],
    [
      "a JSON column that is missing",
      '{"text":"a"}\n',
      /line 1: there is no column "label"; columns: text/,
    ],
    [
      "a JSON column that is no text",
      '{"text":null,"label":"b"}\n',
      /line 1: column "text" is null/,
    ],
  ])("[DA1] %s is reported with file and line", async (_what, text, message) => {
    await expect(rows(text, { path: "d.jsonl" })).rejects.toThrow(message);
  });

  test.each([1, 1000])(
    "[DA1] bytes that are no UTF-8 are reported with their line, in chunks of %i",
    async (size) => {
      const broken = Uint8Array.from([
        ...utf8("text,label\nok,a\nbad"),
        0xc3,
        ...utf8(",b\nok,c\n"),
      ]);
      await expect(rows(broken, { size })).rejects.toThrow(/d\.csv, line 3: it is not valid UTF-8/);
      const truncated = utf8("text,label\nok,a\né").subarray(0, -1);
      await expect(rows(truncated, { size })).rejects.toThrow(
        /d\.csv, line 3: it is not valid UTF-8/,
      );
    },
  );
});

describe("data sets", () => {
  const files = memoryFiles({
    "d.csv": utf8("text,label,who\none,b,x\ntwo,a,y\nthree,b,y\nfour,zap,z\n"),
    "one.csv": utf8("text,label\na,b\nc,b\n"),
    "none.csv": utf8("text,label\n"),
  });
  const options = {
    ...({ kind: "sequence-classification", endId: null, maxLength: 4 } as const),
    labels: ["b", "a", "never"],
  };
  const lengths = async (ref: Partial<Parameters<typeof fileData>[0]>) =>
    (
      await openDataStore(files, letters).load(
        fileData({ kind: "file", path: "d.csv", ...ref }),
        options,
      )
    ).map(({ ids, label }) => [ids.length, label]);

  test("[DA2] a label of the list that no row has is fine, an unknown one names its line and the nearest", async () => {
    expect(await lengths({ rows: [0, 1] })).toEqual([
      [3, 0],
      [3, 1],
    ]);
    await expect(lengths({})).rejects.toThrow(
      /d\.csv, line 5: column "label" holds the unknown label "zap"/,
    );
    await expect(lengths({})).rejects.toMatchObject({
      code: "label-unknown",
      data: { line: 5, label: "zap" },
    });
  });

  test("[DA1] rows are chosen by a column's value and by number, each once", async () => {
    expect(await lengths({ where: { column: "who", equals: "y" } })).toEqual([
      [3, 1],
      [4, 0],
    ]);
    expect(await lengths({ rows: [2, 0, 2] })).toEqual([
      [3, 0],
      [4, 0],
    ]);
    await expect(lengths({ rows: [9] })).rejects.toThrow(/row 9 of d\.csv: it has 4 rows/);
    await expect(lengths({ where: { column: "who", equals: "nobody" } })).rejects.toThrow(
      /no rows where who is "nobody"/,
    );
  });

  test("[DA2] labels found in the data are sorted; fewer than two are refused", async () => {
    expect(await discoverLabels(files, fileData({ kind: "file", path: "d.csv" }))).toEqual([
      "a",
      "b",
      "zap",
    ]);
    await expect(
      discoverLabels(files, fileData({ kind: "file", path: "one.csv" })),
    ).rejects.toThrow(/only the label "b"/);
    await expect(
      discoverLabels(files, fileData({ kind: "file", path: "none.csv" })),
    ).rejects.toThrow(/no rows/);
    await expect(
      discoverLabels(files, fileData({ kind: "file", path: "gone.csv" })),
    ).rejects.toMatchObject({ code: "file-missing" });
  });
});
