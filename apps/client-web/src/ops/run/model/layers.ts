/** The aggregation error by layer and round. */
import type { AggregationError, RoundFigures } from "./round-figures.ts";

/** A layer's errors, in order of the rounds; null: not measured. */
export interface LayerRow {
  /** As people say it: `4 value`. */
  readonly name: string;
  /** As the model says it. */
  readonly module: string;
  readonly values: readonly (number | null)[];
}

/** What the heat map shows. */
export type LayerErrors =
  | {
      readonly kind: "measured";
      readonly rounds: readonly number[];
      readonly rows: readonly LayerRow[];
      /** Of all modules together, by round. */
      readonly totals: readonly (number | null)[];
      /** Whether a module was sketched, so that the totals have a standard error. */
      readonly isSketched: boolean;
    }
  | { readonly kind: "exact" }
  | { readonly kind: "not-measured"; readonly reason: string }
  | { readonly kind: "nothing-yet" };

/** A module's short name: the number of its layer and its last part. */
export function layerName(module: string): string {
  const parts = module.split(".");
  const last = parts.at(-1) ?? module;
  const number = parts.find((part) => /^\d+$/.test(part));
  return number === undefined ? last : `${number} ${last}`;
}

function byNameDescending(a: LayerRow, b: LayerRow): number {
  return b.name.localeCompare(a.name, "en", { numeric: true });
}

/** Short names where they tell the modules apart, else whole ones. */
function named(modules: readonly string[]): ReadonlyMap<string, string> {
  const short = modules.map(layerName);
  const isDistinct = new Set(short).size === modules.length;
  return new Map(
    modules.map((module, at) => [module, isDistinct ? (short[at] ?? module) : module]),
  );
}

/** Errors of all modules by module, in order of the rounds; plain loops, since a run may have ten thousand rounds. */
function byModule(errors: readonly AggregationError[]): ReadonlyMap<string, (number | null)[]> {
  const values = new Map<string, (number | null)[]>();
  for (const [at, { modules }] of errors.entries()) {
    for (const module in modules) {
      const own = values.get(module) ?? new Array<number | null>(errors.length).fill(null);
      values.set(module, own);
      own[at] = modules[module] ?? null;
    }
  }
  return values;
}

/** What is known of the error; the last layer stands on top, as in the model. */
export function layerErrors(rows: readonly RoundFigures[]): LayerErrors {
  const measured = rows.filter(({ aggregationError }) => aggregationError !== null);
  const errors = measured.flatMap(({ aggregationError }) => aggregationError ?? []);
  const last = errors.at(-1);
  if (last === undefined) return { kind: "nothing-yet" };
  if (errors.every(({ total }) => total === null))
    return { kind: "not-measured", reason: last.reason ?? "not measured" };
  const values = byModule(errors);
  if (values.size === 0 && errors.every(({ total }) => total === 0)) return { kind: "exact" };
  const names = named([...values.keys()]);
  return {
    kind: "measured",
    rounds: measured.map(({ round }) => round),
    rows: [...values]
      .map(([module, own]) => ({ module, name: names.get(module) ?? module, values: own }))
      .sort(byNameDescending),
    totals: errors.map(({ total }) => total),
    isSketched: errors.some(({ standardError }) => (standardError ?? 0) > 0),
  };
}

/** The layer with the greatest value in the last column; null: none has one. */
export function worstLayer(rows: readonly LayerRow[]): LayerRow | null {
  let worst: LayerRow | null = null;
  for (const row of rows) {
    if ((row.values.at(-1) ?? -1) > (worst?.values.at(-1) ?? -1)) worst = row;
  }
  return worst;
}
