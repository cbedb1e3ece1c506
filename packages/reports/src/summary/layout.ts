/** What is set side by side, and what tells the panels apart. */
import type { CellResult, ExperimentResult, JsonValue } from "@fedtune/simulation";

/** An experiment in a report, under the name that it has there. */
export interface LabelledResult {
  readonly label: string;
  readonly result: ExperimentResult;
}

/** Cells that differ in nothing but their seed. */
export interface CellGroup {
  /** The compared value. */
  readonly value: string;
  /** What tells its panel apart: name and value of the other fields. */
  readonly panel: readonly (readonly [name: string, value: string])[];
  readonly experiment: string;
  /** In order of the experiment. */
  readonly cells: readonly CellResult[];
}

/** A value of a setting as it stands in tables: text as it is, everything else as JSON. */
export const settingText = (value: JsonValue): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** The field whose values an experiment compares; null: its variants, or there is nothing to compare. */
function comparedField({ report, variants, grid }: ExperimentResult["experiment"]): string | null {
  if (report.compare !== null && Object.hasOwn(grid, report.compare)) return report.compare;
  return variants.length > 0 ? null : (Object.keys(grid)[0] ?? null);
}

/** What an experiment compares, in words; empty: nothing. */
export function comparedName(experiment: ExperimentResult["experiment"]): string {
  return comparedField(experiment) ?? (experiment.variants.length > 0 ? "variant" : "");
}

/** All groups of one or several experiments, in the order of their first cells. */
export function groupsOf(experiments: readonly LabelledResult[]): CellGroup[] {
  const isEachAlone = experiments.every(({ result }) => comparedName(result.experiment) === "");
  return experiments.flatMap((one) => groupsOfOne(one, experiments.length > 1 && !isEachAlone));
}

function groupsOfOne({ label, result }: LabelledResult, isLabelled: boolean): CellGroup[] {
  const field = comparedField(result.experiment);
  const groups = new Map<string, CellGroup & { readonly cells: CellResult[] }>();
  for (const cell of result.cells) {
    const value = comparedValue(cell, field) ?? label;
    const own = panelOf(cell, result.experiment);
    const panel = isLabelled ? [["experiment", label] as const, ...own] : own;
    const key = JSON.stringify([value, panel]);
    const group = groups.get(key) ?? { value, panel, experiment: label, cells: [] };
    group.cells.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A name speaks for itself; of a number it is said what it is: `lambda 0.1`. */
function comparedValue({ variant, settings }: CellResult, field: string | null): string | null {
  if (field === null) return variant;
  const value = settings[field];
  if (value === null || value === undefined) return null;
  const name = field.split(".").at(-1) ?? field;
  return typeof value === "string" ? value : `${name} ${settingText(value)}`;
}

function panelOf(
  { variant, settings }: CellResult,
  experiment: ExperimentResult["experiment"],
): (readonly [string, string])[] {
  const field = comparedField(experiment);
  const fields = Object.keys(experiment.grid).filter((name) => name !== field);
  const ofVariant = field === null || variant === null ? [] : [["variant", variant] as const];
  return [
    ...ofVariant,
    ...fields.flatMap((name) => {
      const value = settings[name];
      return value === undefined ? [] : [[name, settingText(value)] as const];
    }),
  ];
}

/** A panel's settings in one line; empty: there is only one panel. */
export const panelText = (panel: CellGroup["panel"]): string =>
  panel.map(([name, value]) => `${name} ${value}`).join(", ");
