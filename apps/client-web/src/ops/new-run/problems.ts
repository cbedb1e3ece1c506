/** Everything that keeps a config from becoming a run, each with the field that it belongs to and what would repair it. */
import type { OutputOf } from "@fedtune/api";
import { formatCount, formatEpsilon, formatEpsilonLeft, formatSignificant } from "@fedtune/figures";
import type { Cost, Estimate } from "./cost-rows.ts";
import { textOf } from "./form/entry-text.ts";
import { wantedOf, wantedText } from "./form/check.ts";
import type { Field } from "./form/field.ts";
import { isMeant } from "./form/form-state.ts";
import type { FormState, Target } from "./form/form-state.ts";
import { isJsonObject, valueAt } from "./form/json.ts";
import type { Json } from "./form/json.ts";
import { words } from "./words.ts";

/** What is wrong, as the server tells it. */
export type ServerProblem = OutputOf<"estimateRun">["problems"][number];

/** What a button sets right. */
export interface Repair {
  readonly label: string;
  readonly target: Target;
  /** Undefined: the value is taken away. */
  readonly value: Json | undefined;
  /** Another value that goes, such as a misspelt key. */
  readonly removes: Target | null;
}

/** One thing to set right. */
export interface Problem {
  readonly key: string;
  /** Null: it belongs to no field that is shown. */
  readonly field: Field | null;
  /** For the list of what is to be set right. */
  readonly title: string;
  /** At the field. */
  readonly message: string;
  readonly repair: Repair | null;
}

/** What the page and the server complain of, in the order of the form; at a field the page's own word goes first. */
export function problemsOf(
  { fields, values }: { readonly fields: readonly Field[]; readonly values: Json },
  entries: FormState["entries"],
  estimate: Pick<Estimate, "problems" | "cost"> | undefined,
): readonly Problem[] {
  const own = fields.flatMap((field) => ownProblem(field, valueAt(values, field.path), entries));
  const known = new Set(own.map(({ field }) => field?.path));
  const told = estimate?.problems.map((problem, at) => serverProblem(problem, fields, at)) ?? [];
  const cost = estimate?.cost ?? null;
  const others = [...told, ...(cost === null ? [] : spentProblem(cost, fields))];
  const all = [...own, ...others.filter(({ field }) => field === null || !known.has(field.path))];
  const place = new Map(fields.map(({ path }, at) => [path, at]));
  const placeOf = ({ field }: Problem): number => place.get(field?.path ?? "") ?? fields.length;
  return all.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** What can be seen without the server; nothing of a text that is still being written. */
function ownProblem(
  field: Field,
  value: Json | undefined,
  entries: FormState["entries"],
): readonly Problem[] {
  const { path, title, annotation, shape } = field;
  const entry = entries[path];
  const isUnclear = entry !== undefined && !isMeant(field, entry);
  if (entry?.isLeft === false) return [];
  const wanted = isUnclear ? (annotation.wanted ?? wantedText(shape)) : wantedOf(field, value);
  if (wanted === null) return [];
  const given = isUnclear ? entry.text.trim() : shown(value);
  const message = given === "" ? `Wanted: ${wanted}.` : `It is ${given}; wanted: ${wanted}.`;
  const isMissing = given === "";
  return [
    {
      ...{ key: `own ${path}`, field, message, repair: ownRepair(field) },
      title: isMissing ? `${title} is missing` : `${title} cannot be ${given}`,
    },
  ];
}

function ownRepair(field: Field): Repair | null {
  const { fallback } = field;
  if (fallback === undefined || fallback === null || typeof fallback === "object") return null;
  return { label: `Set ${shown(fallback)}`, target: field, value: fallback, removes: null };
}

function serverProblem(
  { path, wanted, value, fix }: ServerProblem,
  fields: readonly Field[],
  at: number,
): Problem {
  const field = fieldFor(path, fields) ?? (fix === null ? null : fieldFor(fix.path, fields));
  const given = value === null || typeof value === "object" ? "" : shown(value as Json);
  const name = field?.title ?? path;
  const want = sentence(`wanted: ${wanted}`);
  return {
    key: `server ${path} ${at}`,
    field,
    title: given === "" ? `${name}: ${wanted}` : `${name} is ${given}, wanted: ${wanted}`,
    message: given === "" ? capital(want) : `It is ${given}; ${want}`,
    repair: fix === null ? null : serverRepair(fix, fields),
  };
}

/** What is spent beyond the limit, and what keeps within it: the server counts it, and lets it be. */
function spentProblem({ epsilon, rounds }: Cost, fields: readonly Field[]): readonly Problem[] {
  if (epsilon === null) return [];
  const { limit, exceededAfter, leastNoiseMultiplier, noiseMultiplier, atEnd } = epsilon;
  const field = fields.find(({ path }) => path === "privacy.noiseMultiplier");
  if (limit === null || exceededAfter === null || field === undefined) return [];
  const least = leastNoiseMultiplier === null ? null : Math.ceil(100 * leastNoiseMultiplier) / 100;
  const spends = words.spends({
    ...{ rounds: formatCount(rounds), noise: formatSignificant(noiseMultiplier) },
    ...{ epsilon: formatEpsilon(atEnd), limit: formatEpsilonLeft(limit) },
  });
  const way = words.stopAfter(least === null ? null : String(least), formatCount(exceededAfter));
  const label = words.set(String(least));
  const repair = { label, target: field, value: least, removes: null };
  return [
    {
      ...{ key: "spent", field, title: words.spendsTooMuch, message: `${spends} ${way}` },
      repair: least === null ? null : repair,
    },
  ];
}

function serverRepair(fix: NonNullable<ServerProblem["fix"]>, fields: readonly Field[]): Repair {
  const target = fields.find(({ path }) => path === fix.path) ?? { path: fix.path, choices: [] };
  const value = fix.value === undefined ? undefined : (fix.value as Json);
  const removes = fix.removes === null ? null : { path: fix.removes, choices: [] };
  return { label: fix.label, target, value, removes };
}

/** The field of a path: its own, that of the object around it, or the choice whose constant it is. */
export function fieldFor(path: string, fields: readonly Field[]): Field | null {
  const exact = fields.find((field) => field.path === path);
  if (exact !== undefined) return exact;
  const above = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  return above === "" ? null : fieldFor(above, fields);
}

/** A config with an answer to the problem in it. */
export function repaired(
  apply: (target: Target, value: Json | undefined) => void,
  repair: Repair,
): void {
  if (repair.removes !== null) apply(repair.removes, undefined);
  apply(repair.target, repair.value);
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number")
    return Number.isInteger(value) ? formatCount(value) : String(value);
  if (Array.isArray(value)) return `${formatCount(value.length)} of them`;
  return isJsonObject(value) ? "not complete" : textOf("text", value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
