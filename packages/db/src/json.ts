/** JSON as the database keeps it. */

/**
 * Writes JSON that reads back as the very same numbers: as `JSON.stringify` does, but with the sign of a negative zero.
 * What JSON does not have (NaN, infinities) becomes null there as here.
 */
export function toJson(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${toJson(inner)}`).join(",")}}`;
}

/** Text without the one character that Postgres cannot store. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD");
}
