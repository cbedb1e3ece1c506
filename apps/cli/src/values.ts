/** Parsers of option values; what they refuse is a usage error that names the option. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** An integer in a range. */
export function integer(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= min && value <= max) return value;
    const range =
      max === Number.MAX_SAFE_INTEGER ? `>= ${String(min)}` : `in [${String(min)}, ${String(max)}]`;
    throw new InvalidArgumentError(`Wanted an integer ${range}.`);
  };
}

/** A finite number above zero. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Wanted a number > 0.");
}

/** A finite number from zero on. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("Wanted a number >= 0.");
}

/** A number above zero and at most one. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("Wanted a number > 0 and <= 1.");
}

/** An http or https address. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol)) return text;
  throw new InvalidArgumentError("Wanted an address such as http://localhost:8470.");
}

/** Names with commas between them. */
export function names(text: string): readonly string[] {
  const found = text.split(",").map((name) => name.trim());
  if (!found.includes("")) return found;
  throw new InvalidArgumentError("Wanted names with commas between them.");
}

/** `key=value`, as `--set` and `--option` take it. */
export interface Assignment {
  readonly key: string;
  readonly value: unknown;
}

/** Collects `key=value`; the value is JSON where it parses as JSON, else text. */
export function assignment(
  text: string,
  before: readonly Assignment[] = [],
): readonly Assignment[] {
  const at = text.indexOf("=");
  const key = text.slice(0, at).trim();
  if (at < 1 || key === "") throw new InvalidArgumentError("Wanted key=value.");
  return [...before, { key, value: jsonOrText(text.slice(at + 1)) }];
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A folder and its weight in a mean. */
export interface WeightedFolder {
  readonly folder: string;
  readonly weight: number;
}

/** Collects `FOLDER` or `FOLDER:WEIGHT`; the weight is 1 unless the text ends in `:number`. */
export function weightedFolder(
  text: string,
  before: readonly WeightedFolder[] = [],
): readonly WeightedFolder[] {
  const [, folder = text, weight = "1"] = /^(.+):([^:/\\]*)$/.exec(text) ?? [];
  const value = Number(weight);
  if (weight.trim() !== "" && Number.isFinite(value) && value >= 0) {
    return [...before, { folder, weight: value }];
  }
  throw new InvalidArgumentError(`Wanted FOLDER or FOLDER:WEIGHT with a weight >= 0.`);
}
