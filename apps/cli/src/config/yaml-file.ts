/** Reading a config file with the place of everything in it. */
import { readFile, stat } from "node:fs/promises";
import { FedtuneError } from "@fedtune/core";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";

/** The search for duplicate keys is quadratic in the size of a map. */
const MAX_BYTES = 1_000_000;

/** A parsed config file. */
export interface ConfigFile {
  readonly value: Readonly<Record<string, unknown>>;
  /** `run.yaml:3:5` of a path, or of the nearest part of it that the file has; null for the top. */
  place(path: readonly string[]): string | null;
}

/**
 * Reads a YAML file; JSON is YAML too.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable`, and `config-invalid` with line and column
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  return parseConfig(await textOf(path), path);
}

/** Parses a config text; `name` stands in front of places. */
export function parseConfig(text: string, name: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${String(line)}:${String(col)}`;
  };
  const [first] = document.errors;
  if (first !== undefined) throw unreadable(`${at(first.pos[0])}: ${first.message}`, name);
  return {
    value: toObject(document, name),
    place: (fields) => {
      const offset = offsetOf(document.contents, fields);
      return offset === null ? null : at(offset);
    },
  };
}

async function textOf(path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new FedtuneError(
      "file-missing",
      `Cannot read config file ${path}: there is no such file`,
      {
        data: { path },
        cause,
      },
    );
  });
  if (!found.isFile() || found.size > MAX_BYTES) {
    const what = found.isFile()
      ? `${String(found.size)} bytes, wanted at most ${String(MAX_BYTES)}`
      : "no file";
    throw new FedtuneError("file-unreadable", `Cannot read config file ${path}: ${what}`, {
      data: { path },
    });
  }
  return await readFile(path, "utf8");
}

function toObject(document: Document.Parsed, name: string): Readonly<Record<string, unknown>> {
  if (document.contents === null) return {};
  if (!isMap(document.contents))
    throw unreadable(`${name}: wanted keys and values at the top`, name);
  try {
    return document.toJS({ maxAliasCount: 100 }) as Record<string, unknown>;
  } catch (cause) {
    throw unreadable(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, name);
  }
}

function unreadable(problem: string, path: string): FedtuneError {
  return new FedtuneError("config-invalid", `Cannot read ${problem}`, { data: { path } });
}

/** Where the key of the path's deepest existing field stands; an array's element has no key, its value counts. */
function offsetOf(contents: unknown, fields: readonly string[]): number | null {
  let node = contents;
  let offset: number | null = null;
  for (const field of fields) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === field);
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(field)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | null {
  const range: unknown =
    typeof node === "object" && node !== null ? Reflect.get(node, "range") : null;
  const start: unknown = Array.isArray(range) ? range[0] : null;
  return typeof start === "number" ? start : null;
}
