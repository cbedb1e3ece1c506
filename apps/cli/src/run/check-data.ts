/** A look at a data file before a client takes part with it: what is wrong is said once, at the start. */
import { FedtuneError } from "@fedtune/core";
import { formatOf, openDataStore, readRows } from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";

/**
 * Reads the file from end to end: its bytes, its columns, and that there is a row.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable`, `data-invalid`
 */
export async function checkRows(data: FileData): Promise<void> {
  const { path, text, textPair, label, where } = data;
  const columns = [text, textPair, label, where?.column].filter((name) => typeof name === "string");
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
 * Holds the file's labels against those of the run.
 *
 * @throws FedtuneError `label-unknown` with file and line
 */
export async function checkLabels(data: FileData, labels: readonly string[]): Promise<void> {
  const empty = new Int32Array(0);
  const tokenizer = { vocabularySize: 1, encode: () => ({ ids: empty, types: empty }) };
  await openDataStore(nodeFiles, tokenizer).load(data, { labels, maxLength: 1 });
}
