import type { JsonValue } from "./schema.ts";

type Fields = Readonly<Record<string, JsonValue>>;

/** What says which kind of thing an object is; its other fields belong to that kind. */
const tags = ["name", "scheme"] as const;

/**
 * `over` on `under`: objects field by field, everything else replaced. An object that names another method, optimiser or
 * scheme than the one below replaces it whole, since the options below are not its own.
 */
export function mergeFields(under: Fields, over: Fields): Fields {
  const merged: Record<string, JsonValue> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    merged[key] =
      isFields(below) && isFields(value) && isOfOneKind(below, value)
        ? mergeFields(below, value)
        : value;
  }
  return merged;
}

function isFields(value: JsonValue | undefined): value is Fields & JsonValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOfOneKind(under: Fields, over: Fields): boolean {
  return tags.every(
    (tag) => under[tag] === undefined || over[tag] === undefined || under[tag] === over[tag],
  );
}
