/** The query of an address, strictly: every name once, decoded or refused. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";

/** Reads the query of an address; values are text, or numbers where the schema has them. */
export type QueryReader = (url: string) => Readonly<Record<string, unknown>>;

/**
 * Makes the reader of a route's query.
 *
 * The reader throws FedtuneError `message-invalid` for what does not decode, and for a name that comes twice.
 */
export function queryReader(schema: z.ZodType): QueryReader {
  const numeric = numericFields(schema);
  return (url) => {
    const at = url.indexOf("?");
    const pairs = at < 0 ? [] : url.slice(at + 1).split("&");
    const entries = pairs.filter((pair) => pair !== "").map(entryOf);
    const names = new Set(entries.map(([name]) => name));
    if (names.size < entries.length) throw invalid("a name comes twice");
    return Object.fromEntries(
      entries.map(([name, text]) => [name, numeric.has(name) ? numberOf(text) : text]),
    );
  };
}

function entryOf(pair: string): readonly [string, string] {
  const at = pair.indexOf("=");
  const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  return [decoded(name), decoded(value)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalid("it is no UTF-8");
  }
}

/** Digits become a number; everything else stays text, which the schema refuses with its field. */
function numberOf(text: string): number | string {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function numericFields(schema: z.ZodType): ReadonlySet<string> {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  const fields = Object.entries(properties).filter(
    ([, field]) =>
      typeof field === "object" && (field.type === "integer" || field.type === "number"),
  );
  return new Set(fields.map(([name]) => name));
}

function invalid(why: string): FedtuneError {
  return new FedtuneError("message-invalid", `Cannot read the query: ${why}`);
}
