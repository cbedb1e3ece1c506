/** JSON documents, never changed in place: reading and setting by a path of keys with dots. */

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Whether a value is an object of JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys of a path; none for the whole document. */
function keysOf(path: string): readonly string[] {
  return path === "" ? [] : path.split(".");
}

/** A path one key longer. */
export function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** The value at a path; undefined where there is none. */
export function valueAt(document: Json | undefined, path: string): Json | undefined {
  let value = document;
  for (const key of keysOf(path)) {
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** The document with another value at a path. */
export function withValueAt(document: JsonObject, path: string, value: Json): JsonObject {
  const [key, ...rest] = keysOf(path);
  if (key === undefined) return isJsonObject(value) ? value : document;
  if (rest.length === 0) return { ...document, [key]: value };
  const inner = document[key];
  const before = isJsonObject(inner) ? inner : {};
  return { ...document, [key]: withValueAt(before, rest.join("."), value) };
}

/** The document without a value, and without the objects around it that it leaves empty. */
export function withoutValueAt(document: JsonObject, path: string): JsonObject {
  const [key, ...rest] = keysOf(path);
  if (key === undefined) return document;
  const inner = document[key];
  const others = Object.entries(document).filter(([name]) => name !== key);
  if (rest.length === 0 || !isJsonObject(inner)) return Object.fromEntries(others);
  const left = withoutValueAt(inner, rest.join("."));
  return Object.keys(left).length === 0 ? Object.fromEntries(others) : { ...document, [key]: left };
}

/** Whether two values say the same; the order of keys does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item: Json, at) => sameJson(item, (b as Json[])[at]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}
