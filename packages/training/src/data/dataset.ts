/** Tokenised examples of a data reference, kept so that each round and each partition of a file reads it once. */
import { FedtuneError } from "@fedtune/core";
import type { TaskSettings } from "@fedtune/core";
import type { FileSource } from "../files.ts";
import type { TextTokenizer } from "../tokenizer/tokenizer.ts";
import type { TextExample } from "./batch.ts";
import { drawOf } from "./holdout.ts";
import { languageColumns, languageExample } from "./language.ts";
import { checkLabels, unknownLabel } from "./labels.ts";
import { invalid } from "./lines.ts";
import { openCache } from "./cache.ts";
import { pickRows } from "./pick-rows.ts";
import type { PickableRow } from "./pick-rows.ts";
import { readRows } from "./records.ts";
import type { FileData } from "./reference.ts";
import { formatOf } from "./reference.ts";

/** What turns rows into examples. */
export interface DatasetOptions {
  /** Of the task. */
  readonly kind: Exclude<TaskSettings["kind"], "image-classification">;
  /** The task's ordered labels; a language model has none. */
  readonly labels: readonly string[];
  /** Ends a text of a language model; null: nothing does. */
  readonly endId: number | null;
  /** Tokens per example, special tokens included. */
  readonly maxLength: number;
}

/** Reads data references through one file source and one tokenizer. */
export interface DataStore {
  /**
   * The referenced examples in file order.
   *
   * @throws FedtuneError `data-invalid` for broken files and zero rows, `label-unknown` for a label outside the list
   */
  load(ref: FileData, options: DatasetOptions): Promise<readonly TextExample[]>;
}

/** A whole file: every row, whichever part of it a reference asks for. */
interface Table {
  readonly rows: readonly TableRow[];
}

interface TableRow extends PickableRow {
  readonly line: number;
  /** `label` is -1 for one outside the list: an error only for who asks for this row. */
  readonly example: TextExample;
}

/** Opens a store. Memory grows with the files that are in use, at most eight. */
export function openDataStore(files: FileSource, tokenizer: TextTokenizer): DataStore {
  const tables = openCache<Table>();
  return {
    async load(ref, options) {
      const { rows: _rows, holdout: _holdout, where, ...file } = ref;
      const key = JSON.stringify([file, where?.column ?? null, options]);
      const table = await tables.get(key, () => readTable(ref, options, { files, tokenizer }));
      return select(table, ref, options);
    },
  };
}

/** How the rows of a task are read. */
interface RowReader {
  readonly columns: readonly string[];
  /** The values are those of the columns. */
  read(values: readonly string[]): Pick<TableRow, "example" | "label" | "draw">;
}

async function readTable(
  ref: FileData,
  options: DatasetOptions,
  { files, tokenizer }: { readonly files: FileSource; readonly tokenizer: TextTokenizer },
): Promise<Table> {
  const readers = { "sequence-classification": labelledRows, "causal-lm": languageRows };
  const reader = readers[options.kind](ref, options, tokenizer);
  const filter = ref.where === null ? [] : [ref.where.column];
  const rows: TableRow[] = [];
  for await (const { line, values } of readRows(files.stream(ref.path), {
    path: ref.path,
    format: formatOf(ref),
    columns: [...reader.columns, ...filter],
  })) {
    const where = filter.length === 0 ? "" : (values.at(-1) ?? "");
    rows.push({ line, where, ...reader.read(values) });
  }
  return { rows };
}

function labelledRows(
  ref: FileData,
  { labels, maxLength }: DatasetOptions,
  tokenizer: TextTokenizer,
): RowReader {
  const indices = new Map(labels.map((label, index) => [label, index]));
  return {
    columns: [ref.text, ref.label, ...(ref.textPair === null ? [] : [ref.textPair])],
    read([text = "", label = "", second = ""]) {
      const pair = ref.textPair === null ? null : second;
      const encoding = tokenizer.encode(text, pair, maxLength);
      return {
        example: { ...encoding, label: indices.get(label) ?? -1 },
        ...{ label, draw: drawOf(text, pair) },
      };
    },
  };
}

function languageRows(
  ref: FileData,
  { endId, maxLength }: DatasetOptions,
  { language: tokens }: TextTokenizer,
): RowReader {
  if (tokens === undefined)
    throw new FedtuneError(
      "model-invalid",
      "Cannot read texts: this tokenizer has no ids of parts",
    );
  const columns = languageColumns(ref);
  return {
    columns,
    read(values) {
      const [first = "", second = null] = values.slice(0, columns.length);
      const example = languageExample(values, ref, { tokens, endId, maxLength });
      return { example, label: "", draw: drawOf(first, second) };
    },
  };
}

function select(
  { rows }: Table,
  ref: FileData,
  { kind, labels }: DatasetOptions,
): readonly TextExample[] {
  const part = pickRows(rows, ref);
  if (kind === "causal-lm") return predicting(part, ref);
  return part.map((row) => labelled(row, ref, labels));
}

/** Rows that are cut before anything is to be predicted teach nothing; all of them like that are a mistake. */
function predicting(rows: readonly TableRow[], { path }: FileData): readonly TextExample[] {
  const examples = rows.map(({ example }) => example);
  if (examples.some(({ predicted }) => predicted?.includes(1) === true)) return examples;
  const message = `Cannot use ${path}: none of its ${rows.length} rows has a completion within training.maxLength tokens`;
  throw new FedtuneError("data-invalid", message, { data: { path, rows: rows.length } });
}

function labelled(
  { line, example, label }: TableRow,
  ref: FileData,
  labels: readonly string[],
): TextExample {
  if (example.label >= 0) return example;
  const { path, label: column } = ref;
  throw unknownLabel(label, labels, {
    place: `${path}, line ${line}: column "${column}"`,
    data: { path, line, column },
  });
}

/**
 * The labels of a file, distinct and sorted by code unit.
 *
 * @throws FedtuneError `data-invalid` for broken files, zero rows and a file with one label only
 */
export async function discoverLabels(files: FileSource, ref: FileData): Promise<readonly string[]> {
  const found = new Set<string>();
  const request = { path: ref.path, format: formatOf(ref), columns: [ref.label] };
  for await (const { line, values } of readRows(files.stream(ref.path), request)) {
    const [label = ""] = values;
    if (label === "")
      throw invalid({ path: ref.path, line }, `column "${ref.label}" is empty, expected a label`, {
        column: ref.label,
      });
    found.add(label);
  }
  const labels = [...found].sort((a, b) => (a < b ? -1 : 1));
  return checkLabels(labels, ref);
}
