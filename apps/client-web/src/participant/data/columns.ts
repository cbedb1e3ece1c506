/** The columns of a file, its first rows, and which of them are probably meant. */
import { isFedtuneError } from "@fedtune/core";
import { readRows } from "@fedtune/training";
import type { DataFormat } from "@fedtune/training";
import type { ColumnMapping, FilePreview } from "../file-report.ts";
import type { DataSource } from "./source.ts";

const PREVIEW_ROWS = 5;
/** Characters of a cell of the preview. */
const PREVIEW_CELL = 500;
/** A name that no column has: asked for it, the reader names those that are there. */
const NO_COLUMN = "\u0000";

/**
 * Reads the beginning of a file. Columns that do not hold text in the first rows are left out.
 *
 * @throws FedtuneError `data-invalid` and `file-unreadable`, as the reader of training says it
 */
export async function readHead(source: DataSource, format: DataFormat): Promise<FilePreview> {
  let columns = await columnsOf(source, format);
  for (;;) {
    try {
      return { columns, rows: await firstRows(source, format, columns) };
    } catch (error) {
      const bad = isFedtuneError(error, "data-invalid") ? error.data["column"] : null;
      if (format !== "jsonl" || !columns.some((column) => column === bad)) throw error;
      columns = columns.filter((column) => column !== bad);
    }
  }
}

async function columnsOf(source: DataSource, format: DataFormat): Promise<readonly string[]> {
  const request = { path: source.name, format, columns: [NO_COLUMN] };
  try {
    for await (const _ of readRows(source.stream(), request)) break;
  } catch (error) {
    const found = isFedtuneError(error, "data-invalid") ? error.data["columns"] : null;
    if (Array.isArray(found)) return found.map(String);
    throw error;
  }
  return [];
}

async function firstRows(
  source: DataSource,
  format: DataFormat,
  columns: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const rows: (readonly string[])[] = [];
  for await (const { values } of readRows(source.stream(), {
    path: source.name,
    format,
    columns,
  })) {
    rows.push(values.map((value) => value.slice(0, PREVIEW_CELL)));
    if (rows.length === PREVIEW_ROWS) break;
  }
  return rows;
}

/** What an organiser expects columns to be called. */
export interface ColumnHints {
  readonly text: string;
  readonly textPair: string | null;
  readonly label: string;
}

/** The columns that are hinted at where all of them are there; else what might be meant, for the holder to decide. */
export function guessMapping(
  { columns, rows }: FilePreview,
  { hints, labels }: { readonly hints: ColumnHints; readonly labels: readonly string[] },
): { readonly mapping: ColumnMapping | null; readonly suggestion: Partial<ColumnMapping> } {
  const named = (wanted: string): string | undefined =>
    columns.find((column) => column === wanted) ??
    columns.find((column) => column.trim().toLowerCase() === wanted.trim().toLowerCase());
  const text = named(hints.text);
  const label = named(hints.label);
  const textPair = hints.textPair === null ? null : named(hints.textPair);
  if (text !== undefined && label !== undefined && textPair !== undefined)
    return { mapping: { text, textPair, label }, suggestion: {} };
  const valuesOf = (column: string): readonly string[] =>
    rows.map((row) => row[columns.indexOf(column)] ?? "");
  const taken = [text, label, textPair];
  const free = columns.filter((column) => !taken.includes(column));
  const likeLabel = label ?? likeLabels(free, { valuesOf, labels });
  const likeText =
    text ??
    longest(
      free.filter((column) => column !== likeLabel),
      valuesOf,
    );
  return {
    mapping: null,
    suggestion: {
      ...(likeText === undefined ? {} : { text: likeText }),
      ...(likeLabel === undefined ? {} : { label: likeLabel }),
      ...(textPair === undefined ? {} : { textPair }),
    },
  };
}

interface Looking {
  readonly valuesOf: (column: string) => readonly string[];
  readonly labels: readonly string[];
}

/** The column that holds nothing but the run's labels, or else has a name as labels have. */
function likeLabels(columns: readonly string[], { valuesOf, labels }: Looking): string | undefined {
  const known = new Set(labels);
  const holdsLabels = (column: string): boolean => {
    const values = valuesOf(column);
    return values.length > 0 && values.every((value) => known.has(value));
  };
  const names = /^(labels?|class|category|intent|target|kind|type)$/i;
  return columns.find(holdsLabels) ?? columns.find((column) => names.test(column.trim()));
}

function longest(columns: readonly string[], valuesOf: Looking["valuesOf"]): string | undefined {
  const size = (column: string): number =>
    valuesOf(column).reduce((sum, value) => sum + value.length, 0);
  return columns.toSorted((a, b) => size(b) - size(a))[0];
}
