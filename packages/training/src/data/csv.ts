/** Records of comma- or tab-separated text, by csv-parse in its platform-free build. */
import { parse } from "csv-parse/browser/esm";
import type { LineBlock } from "./lines.ts";
import { invalid, maxRecordBytes } from "./lines.ts";

/** One record with the line it ends on. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Parses blocks of text; empty lines are skipped, quotes are read in CSV only.
 *
 * @throws FedtuneError `data-invalid` naming file and line
 */
export async function* csvRecords(
  blocks: AsyncIterable<LineBlock>,
  { path, tabs }: { readonly path: string; readonly tabs: boolean },
): AsyncGenerator<CsvRecord> {
  const dialect = tabs ? { delimiter: "\t", quote: null } : { delimiter: "," };
  const parser = parse({
    ...dialect,
    record_delimiter: ["\r\n", "\n"],
    info: true,
    skip_empty_lines: true,
    max_record_size: maxRecordBytes,
  });
  let found: Parsed[] = [];
  let failure: unknown = null;
  let isEmpty = true;
  parser.on("data", (record: Parsed) => found.push(record));
  parser.on("error", (error: unknown) => (failure ??= error));
  const settle = (): CsvRecord[] => {
    if (failure !== null) throw asInvalid(failure, path);
    const records = found.map(({ record, info }) => ({ line: info.lines, fields: record }));
    found = [];
    return records;
  };
  for await (const { text } of blocks) {
    isEmpty = false;
    await new Promise<void>((resolve) => {
      parser.write(text, () => {
        resolve();
      });
    });
    yield* settle();
  }
  // The library's stream throws when it is ended before anything was written.
  if (isEmpty) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      resolve();
    };
    parser.on("end", done);
    parser.on("error", done);
    parser.end();
  });
  yield* settle();
}

function asInvalid(error: unknown, path: string): Error {
  const facts = error as {
    readonly code?: unknown;
    readonly lines?: unknown;
    readonly message?: unknown;
  };
  const line = typeof facts.lines === "number" ? facts.lines : 1;
  return invalid({ path, line }, String(facts.message ?? error), { reason: facts.code ?? null });
}
