/** A look at a data file before a client takes part with it: what is wrong is said once, at the start. */
import { FedtuneError } from "@fedtune/core";
import type { TaskSettings } from "@fedtune/core";
import { formatOf, languageColumns, openDataStore, readRows } from "@fedtune/training";
import type { FileData, TextTokenizer } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";

/**
 * Reads the file from end to end: its bytes, the columns of its texts, and that there is a row.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable`, `data-invalid`
 */
export async function checkRows(data: FileData): Promise<void> {
  const { path, textPair, where } = data;
  // Whether there are labels is the task's business, which is not known before a client is welcomed.
  const texts = [...languageColumns(data), textPair, where?.column];
  const columns = texts.filter((name) => typeof name === "string");
  let rows = 0;
  for await (const row of readRows(nodeFiles.stream(path), {
    path,
    format: formatOf(data),
    columns,
  })) {
    if (where === null || row.values.at(-1) === where.equals) rows += 1;
  }
  if (rows > 0) return;
  const part = where === null ? "" : ` where ${where.column} is "${where.equals}"`;
  throw new FedtuneError(
    "data-invalid",
    `Cannot use ${path}: it has no rows${part}, expected at least 1`,
    {
      data: { path, where },
    },
  );
}

/**
 * Holds a file against the task of a run: its columns, and its labels.
 *
 * @throws FedtuneError `data-invalid`, `label-unknown` with file and line
 */
export async function checkExamples(
  data: FileData,
  { kind, labels }: Pick<TaskSettings, "kind" | "labels">,
): Promise<void> {
  await openDataStore(nodeFiles, shapeOnly).load(data, {
    kind,
    labels,
    endId: null,
    maxLength: 4096,
  });
}

const none = new Int32Array(0);
/** Stands for the tokenizer of a base model: which tokens there are does not matter. */
const shapeOnly: TextTokenizer = {
  vocabularySize: 1,
  encode: () => ({ ids: none, types: none }),
  language: {
    start: [0],
    chatTemplate: "{{ messages[-1].content }}",
    pieces: () => [0],
    decode: () => "",
  },
};
