/** Rows with named columns from CSV, TSV and JSON Lines, one at a time. */
import { FedtuneError } from "@fedtune/core";
import { csvRecords } from "./csv.ts";
import { decodeLines, invalid } from "./lines.ts";
import type { FileLine, LineBlock } from "./lines.ts";
import type { DataFormat } from "./reference.ts";

/** One row: the line where it starts (CSV: where it ends), and its wanted columns in the order asked for. */
export interface DataRow {
  readonly line: number;
  readonly values: readonly string[];
}

/** What to read from which file. */
export interface RowsRequest {
  readonly path: string;
  readonly format: DataFormat;
  /** Names of the columns to return. */
  readonly columns: readonly string[];
}

/**
 * Reads rows as the bytes arrive.
 *
 * @throws FedtuneError `data-invalid` naming file, line and column: bytes that are no UTF-8, a missing or doubled
 * column, a row with too many or too few fields, an unclosed quote, a line that is not a JSON object
 */
export async function* readRows(
  chunks: AsyncIterable<Uint8Array>,
  request: RowsRequest,
): AsyncGenerator<DataRow> {
  const blocks = decodeLines(chunks, request.path);
  yield* request.format === "jsonl" ? jsonRows(blocks, request) : tableRows(blocks, request);
}

async function* tableRows(
  blocks: AsyncIterable<LineBlock>,
  { path, format, columns }: RowsRequest,
): AsyncGenerator<DataRow> {
  let places: readonly number[] | null = null;
  for await (const { line, fields } of csvRecords(blocks, { path, tabs: format === "tsv" })) {
    if (places === null) places = findColumns(fields, columns, { path, line });
    else yield { line, values: places.map((place) => fields[place] ?? "") };
  }
  if (places === null)
    throw new FedtuneError(
      "data-invalid",
      `Cannot read ${path}: it is empty, expected a header line`,
      { data: { path } },
    );
}

function findColumns(
  header: readonly string[],
  columns: readonly string[],
  at: FileLine,
): number[] {
  const doubled = header.find((name, index) => header.indexOf(name) !== index);
  if (doubled !== undefined)
    throw invalid(at, `the header names the column "${doubled}" twice`, {
      column: doubled,
    });
  return columns.map((column) => {
    const place = header.indexOf(column);
    if (place === -1) throw missingColumn(column, header, at);
    return place;
  });
}

async function* jsonRows(
  blocks: AsyncIterable<LineBlock>,
  { path, columns }: RowsRequest,
): AsyncGenerator<DataRow> {
  for await (const block of blocks) {
    const lines = block.text.split("\n");
    for (const [index, text] of lines.entries()) {
      if (text.trim() === "") continue;
      const at = { path, line: block.line + index };
      const record = parseObject(text, at);
      yield { line: at.line, values: columns.map((column) => fieldOf(record, column, at)) };
    }
  }
}

function parseObject(text: string, at: FileLine): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(at, `it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw invalid(at, "it is not a JSON object");
}

function fieldOf(record: Readonly<Record<string, unknown>>, column: string, at: FileLine): string {
  if (!Object.hasOwn(record, column)) throw missingColumn(column, Object.keys(record), at);
  const value = record[column];
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  // Whoever asks for a chat parses it; text columns of such values are refused there.
  if (Array.isArray(value)) return JSON.stringify(value);
  throw invalid(
    at,
    `column "${column}" is ${value === null ? "null" : typeof value}, expected text`,
    { column },
  );
}

function missingColumn(column: string, present: readonly string[], at: FileLine): FedtuneError {
  return invalid(at, `there is no column "${column}"; columns: ${present.join(", ")}`, {
    column,
    columns: present,
  });
}
