/** The aggregation error by layer and round. */
import type { RoundFigures } from "./round-figures.ts";

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

/** What is known of the error; the last layer stands on top, as in the model. */
export function layerErrors(rows: readonly RoundFigures[]): LayerErrors {
  const measured = rows.filter(({ aggregationError }) => aggregationError !== null);
  const last = measured.at(-1)?.aggregationError;
  if (last === undefined || last === null) return { kind: "nothing-yet" };
  if (last.total === null && measured.every((row) => row.aggregationError?.total === null))
    return { kind: "not-measured", reason: last.reason ?? "not measured" };
  const modules = [
    ...new Set(measured.flatMap((row) => Object.keys(row.aggregationError?.modules ?? {}))),
  ];
  if (modules.length === 0 && measured.every((row) => row.aggregationError?.total === 0))
    return { kind: "exact" };
  const names = named(modules);
  const layerOf = (module: string): LayerRow => ({
    ...{ module, name: names.get(module) ?? module },
    values: measured.map((row) => row.aggregationError?.modules[module] ?? null),
  });
  return {
    kind: "measured",
    rounds: measured.map(({ round }) => round),
    rows: modules.map(layerOf).sort(byNameDescending),
    totals: measured.map((row) => row.aggregationError?.total ?? null),
    isSketched: measured.some((row) => (row.aggregationError?.standardError ?? 0) > 0),
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
