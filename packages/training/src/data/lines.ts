/** UTF-8 text in whole lines from chunks of bytes. */
import { FedtuneError } from "@fedtune/core";

/** Longest line or record in bytes; a file without line ends is not a data set. */
export const maxRecordBytes = 16 * 1024 * 1024;

const LINE_FEED = 0x0a;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A piece of text that ends with a line end (or with the file), and the number of its first line, from 1. */
export interface LineBlock {
  readonly line: number;
  readonly text: string;
}

/**
 * Decodes strictly; a leading byte order mark is dropped.
 *
 * @throws FedtuneError `data-invalid` naming file and line of a byte that is no UTF-8
 */
export async function* decodeLines(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<LineBlock> {
  let rest: Uint8Array = new Uint8Array(0);
  let line = 1;
  for await (const chunk of chunks) {
    const bytes = concat(rest, chunk);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.slice(end);
    if (rest.length > maxRecordBytes)
      throw invalid({ path, line }, `a line is longer than ${maxRecordBytes} bytes`);
    if (end === 0) continue;
    const text = decode(bytes.subarray(0, end), { path, line });
    yield { line, text };
    line += countLines(text);
  }
  if (rest.length > 0) yield { line, text: decode(rest, { path, line }) };
}

function decode(bytes: Uint8Array, at: FileLine): string {
  try {
    const text = decoder.decode(bytes);
    return at.line === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
  } catch {
    throw invalid(
      { path: at.path, line: at.line + badLine(bytes) },
      "it is not valid UTF-8 (truncated or in another encoding)",
    );
  }
}

/** Index of the first line that does not decode. A line feed is never part of a longer character. */
function badLine(bytes: Uint8Array): number {
  let start = 0;
  for (let index = 0; ; index++) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return index;
    }
    if (end >= bytes.length) return index;
    start = end;
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** A line of a data file. */
export interface FileLine {
  readonly path: string;
  readonly line: number;
}

/** An error about one line of a data file. */
export function invalid(
  { path, line }: FileLine,
  reason: string,
  data: Readonly<Record<string, unknown>> = {},
): FedtuneError {
  return new FedtuneError("data-invalid", `Cannot read ${path}, line ${line}: ${reason}`, {
    data: { path, line, ...data },
  });
}
