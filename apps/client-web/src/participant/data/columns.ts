/** The columns of a file and its first rows. */
import { isFedtuneError } from "@fedtune/core";
import { readRows } from "@fedtune/training";
import type { DataFormat } from "@fedtune/training";
import type { FilePreview } from "../file-report.ts";
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
