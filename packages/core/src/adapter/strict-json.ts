/** JSON from anyone: no duplicate keys, bounded depth, and no key that reaches an object's prototype. */

/** A parsed value; objects are maps. */
export type StrictJson =
  null | boolean | number | string | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

interface Reader {
  readonly text: string;
  at: number;
}

/** Longer numbers are refused: no size or offset has that many digits. */
const MAX_NUMBER = 32;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const LITERALS = [
  ["null", null],
  ["true", true],
  ["false", false],
] as const;

/**
 * Parses a JSON text.
 *
 * @throws SyntaxError with the position, on malformed text, a duplicate key, or arrays and objects nested deeper than `maxDepth`
 */
export function parseStrictJson(text: string, maxDepth: number): StrictJson {
  const reader = { text, at: 0 };
  const value = readValue(reader, maxDepth);
  skipSpace(reader);
  if (reader.at !== text.length) throw failure(reader, "nothing more");
  return value;
}

function readValue(reader: Reader, depth: number): StrictJson {
  skipSpace(reader);
  const { text, at } = reader;
  const first = text[at];
  if (first === '"') return readString(reader);
  if (first === "{" || first === "[") {
    if (depth === 0) throw failure(reader, "less nesting");
    return first === "{" ? readObject(reader, depth - 1) : readArray(reader, depth - 1);
  }
  for (const [literal, value] of LITERALS) {
    if (!text.startsWith(literal, at)) continue;
    reader.at += literal.length;
    return value;
  }
  return readNumber(reader);
}

function readObject(reader: Reader, depth: number): ReadonlyMap<string, StrictJson> {
  const entries = new Map<string, StrictJson>();
  readItems(reader, "}", () => {
    skipSpace(reader);
    const start = reader.at;
    const key = readString(reader);
    if (entries.has(key)) {
      reader.at = start;
      throw failure(reader, `"${key.slice(0, 100)}" only once`);
    }
    skipSpace(reader);
    if (!taken(reader, ":")) throw failure(reader, '":"');
    entries.set(key, readValue(reader, depth));
  });
  return entries;
}

function readArray(reader: Reader, depth: number): readonly StrictJson[] {
  const items: StrictJson[] = [];
  readItems(reader, "]", () => {
    items.push(readValue(reader, depth));
  });
  return items;
}

/** Reads items divided by commas, from the opening bracket to the closing one. */
function readItems(reader: Reader, close: string, readItem: () => void): void {
  reader.at += 1;
  skipSpace(reader);
  if (taken(reader, close)) return;
  for (;;) {
    readItem();
    skipSpace(reader);
    if (taken(reader, close)) return;
    if (!taken(reader, ",")) throw failure(reader, `"," or "${close}"`);
  }
}

function readString(reader: Reader): string {
  const { text, at } = reader;
  if (text[at] !== '"') throw failure(reader, "a string");
  let end = at;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) throw failure(reader, "an end of this string");
  } while (isEscaped(text, end));
  reader.at = end + 1;
  try {
    return String(JSON.parse(text.slice(at, end + 1)));
  } catch {
    reader.at = at;
    throw failure(reader, "a well-formed string");
  }
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === "\\") start -= 1;
  return (at - start) % 2 === 1;
}

function readNumber(reader: Reader): number {
  const [token] = NUMBER.exec(reader.text.slice(reader.at, reader.at + MAX_NUMBER)) ?? [];
  if (token === undefined || token.length === MAX_NUMBER) throw failure(reader, "a value");
  reader.at += token.length;
  return Number(token);
}

function skipSpace(reader: Reader): void {
  while (" \t\n\r".includes(reader.text[reader.at] ?? "x")) reader.at += 1;
}

function taken(reader: Reader, mark: string): boolean {
  const found = reader.text[reader.at] === mark;
  if (found) reader.at += 1;
  return found;
}

function failure(reader: Reader, wanted: string): SyntaxError {
  const found = reader.text.slice(reader.at, reader.at + 20);
  return new SyntaxError(
    `at character ${reader.at}: found ${JSON.stringify(found)}, wanted ${wanted}`,
  );
}
