/** A config from a file, options and `--set`, that knows where each field came from. */
import { applyOverride, FedtuneError, isFedtuneError } from "@fedtune/core";
import type { InputIssue, Override } from "@fedtune/core";
import type { Assignment } from "../values.ts";
import { readConfigFile } from "./yaml-file.ts";
import type { ConfigFile } from "./yaml-file.ts";

/** What a verb was given. */
export interface ConfigInput {
  readonly file?: string | undefined;
  /** In place of a file. */
  readonly value?: Readonly<Record<string, unknown>>;
  /** By option: the field that it sets and its value; undefined: not given. */
  readonly flags?: Readonly<Record<string, readonly [field: string, value: unknown]>>;
  /** Stronger than file and flags; a later one wins. */
  readonly set?: readonly Assignment[] | undefined;
}

/** A config before it is parsed. */
export interface ConfigSource {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where a field was set, `run.yaml:3:5` or `--rounds`; null when it is a default. A path is for keys that hold dots. */
  place(field: string | readonly string[]): string | null;
}

/**
 * Reads the file, if any, and puts options over it.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable`, `config-invalid`, `usage`
 */
export async function loadConfig({
  file,
  value = {},
  flags = {},
  set = [],
}: ConfigInput): Promise<ConfigSource> {
  const read: ConfigFile =
    file === undefined ? { value, place: () => null } : await readConfigFile(file);
  const overrides: Override[] = [
    ...Object.entries(flags)
      .filter(([, [, given]]) => given !== undefined)
      .map(([source, [field, given]]) => ({ field, value: given, source })),
    ...set.map(({ key, value: given }) => ({ field: key, value: given, source: `--set ${key}` })),
  ];
  return {
    value: overrides.reduce(applyOverride, read.value),
    place: (field) => {
      const path = typeof field === "string" ? field.split(".") : field;
      const override = overrides.findLast(({ field: set }) => concerns(set, path.join(".")));
      return override?.source ?? read.place(path);
    },
  };
}

/** Whether setting `set` decides about `field`: the same field, or one that contains it. */
function concerns(set: string, field: string): boolean {
  return field === set || field.startsWith(`${set}.`);
}

/** Runs a parse of the config's value; what it refuses comes with the place of each field. */
export function withPlaces<T>(source: ConfigSource, parse: (value: ConfigSource["value"]) => T): T {
  try {
    return parse(source.value);
  } catch (error) {
    throw isFedtuneError(error) ? placed(error, source) : error;
  }
}

function placed(error: FedtuneError, source: ConfigSource): FedtuneError {
  const issues = error.data["issues"];
  if (!Array.isArray(issues)) return error;
  const located = (issues as readonly InputIssue[]).map((issue) => {
    const place = source.place(issue.field);
    return place === null ? issue : { ...issue, place };
  });
  return new FedtuneError(error.code, error.message, {
    data: { ...error.data, issues: located },
    cause: error,
  });
}
