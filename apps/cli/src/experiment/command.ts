import type { Assignment } from "../values.ts";

/** What decides the results of an experiment at the command line. */
export interface ExperimentCall {
  /** Null: it came from a program. */
  readonly file: string | null;
  readonly set?: readonly Assignment[] | undefined;
  readonly backend?: string | undefined;
}

/** What to type to repeat an experiment; what does not change its results is left out. */
export function commandOf({ file, set = [], backend }: ExperimentCall): string {
  const words = [
    ...["fedtune", "simulate", file ?? "EXPERIMENT"],
    ...set.flatMap(({ key, value }) => ["--set", `${key}=${valueText(value)}`]),
    ...(backend === undefined ? [] : ["--backend", backend]),
  ];
  return words.map(quoted).join(" ");
}

/** As `--set` reads it: JSON, or a text that is none. */
function valueText(value: unknown): string {
  return typeof value === "string" && !isJson(value) ? value : JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
