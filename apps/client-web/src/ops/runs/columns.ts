/** The columns of the list of runs: what stands in them, and by what they are sorted. */
import { runStates } from "@fedtune/figures";
import { isBetterWhenLow } from "../metric.ts";
import { runStateOf } from "./run-state.ts";
import type { RunSummary } from "./run-state.ts";

/** Every column, in the order of the first visit. */
export const columnNames = [
  ...["name", "state", "progress", "best", "privacy", "bytesUp", "participants", "started"],
  ...["method", "model"],
] as const satisfies readonly string[];
/** Name of a column. */
export type ColumnName = (typeof columnNames)[number];

/** Columns of somebody who has chosen none. */
export const firstColumns: readonly ColumnName[] = columnNames.slice(0, 8);

/** By which column, and which end comes first. */
export interface Sorting {
  readonly by: ColumnName;
  readonly isDescending: boolean;
}

/** The newest first. */
export const firstSorting: Sorting = { by: "started", isDescending: true };

/** Titles of columns; the unit of a column stands in its title. */
export const columnTitles: Readonly<Record<ColumnName, string>> = {
  name: "Name",
  state: "State",
  progress: "Rounds",
  best: "Best so far",
  privacy: "Privacy spent",
  bytesUp: "Sent up",
  participants: "Here / joined",
  started: "Started",
  method: "Method",
  model: "Base model",
};

/** Columns of figures are set to the right. */
export const isFigure: ReadonlySet<ColumnName> = new Set([
  ...(["best", "privacy", "bytesUp", "participants", "started"] as const),
]);

const stateOrder = Object.keys(runStates);

/** What a column sorts by; null stands at the end in both directions. */
const sortValues: Readonly<Record<ColumnName, (run: RunSummary) => number | string | null>> = {
  name: ({ id }) => id,
  state: (run) => stateOrder.indexOf(runStateOf(run).name),
  progress: ({ committedRounds, numRounds }) => committedRounds / numRounds,
  best: ({ figures: { best } }) =>
    best === null ? null : isBetterWhenLow(best.metric) ? -best.value : best.value,
  privacy: ({ figures }) => figures.epsilon?.spent ?? null,
  bytesUp: ({ figures }) => figures.bytesUp,
  participants: ({ figures }) => figures.joined,
  started: ({ createdAt }) => Date.parse(createdAt),
  method: ({ method }) => method,
  model: ({ model }) => model,
};

/** Runs in order: those that go on above the others, each part sorted; equal ones keep their order. */
export function sortedRuns(
  runs: readonly RunSummary[],
  { by, isDescending }: Sorting,
): readonly RunSummary[] {
  const valueOf = sortValues[by];
  const sign = isDescending ? -1 : 1;
  return runs.toSorted((a, b) => pinned(a) - pinned(b) || compared(valueOf(a), valueOf(b), sign));
}

function pinned({ status }: RunSummary): number {
  return status === "running" ? 0 : 1;
}

function compared(a: number | string | null, b: number | string | null, sign: number): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  if (typeof a === "string" || typeof b === "string")
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  return sign * (a - b);
}

/** The sorting after a click on a column's title: figures begin with their greatest. */
export function nextSorting(sorting: Sorting, by: ColumnName): Sorting {
  if (sorting.by === by) return { by, isDescending: !sorting.isDescending };
  return { by, isDescending: isFigure.has(by) };
}

/** The columns with one of them moved by `step` places; at the ends it stays where it is. */
export function movedColumn(
  columns: readonly ColumnName[],
  name: ColumnName,
  step: -1 | 1,
): readonly ColumnName[] {
  const from = columns.indexOf(name);
  const to = from + step;
  if (from < 0 || to < 0 || to >= columns.length) return columns;
  return columns.toSpliced(from, 1).toSpliced(to, 0, name);
}
