/** What somebody has chosen to see of the runs: in the address for others, and kept for the next visit. */
import { runStates } from "@fedtune/figures";
import type { RunStateName } from "@fedtune/figures";
import { columnNames, firstColumns, firstSorting } from "./columns.ts";
import type { ColumnName, Sorting } from "./columns.ts";

/** A view of the list. */
export interface RunsView {
  readonly text: string;
  readonly state: RunStateName | null;
  readonly sorting: Sorting;
  readonly columns: readonly ColumnName[];
}

/** What is kept per user. */
export type KeptView = Pick<RunsView, "sorting" | "columns">;

/** The view of a first visit. */
export const firstView: KeptView = { sorting: firstSorting, columns: firstColumns };

/** Reads what was kept; whatever is not understood is as on a first visit. */
export function keptView(text: string | null): KeptView {
  const value = parsed(text);
  const columns = namesOf(value["columns"]);
  const sorting = sortingOf(value["sorting"]);
  return {
    columns: columns.includes("name") ? columns : firstColumns,
    sorting: sorting ?? firstSorting,
  };
}

/** Writes what {@link keptView} reads. */
export function keptText({ sorting, columns }: KeptView): string {
  return JSON.stringify({ sorting: sortingText(sorting), columns });
}

function parsed(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function namesOf(value: unknown): readonly ColumnName[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return [...new Set(list)].flatMap((one) => columnNames.filter((name) => name === one));
}

function sortingOf(value: unknown): Sorting | null {
  if (typeof value !== "string") return null;
  const by = columnNames.find((name) => name === value.replace(/^-/, ""));
  return by === undefined ? null : { by, isDescending: value.startsWith("-") };
}

function sortingText({ by, isDescending }: Sorting): string {
  return (isDescending ? "-" : "") + by;
}

/** The view of an address; what it leaves open is as it was kept. */
export function viewOf(search: string, kept: KeptView): RunsView {
  const query = new URLSearchParams(search);
  const columns = namesOf(query.get("columns")?.split(","));
  const state = Object.keys(runStates).find((name) => name === query.get("state"));
  return {
    text: query.get("q") ?? "",
    state: (state as RunStateName | undefined) ?? null,
    sorting: sortingOf(query.get("sort")) ?? kept.sorting,
    columns: columns.includes("name") ? columns : kept.columns,
  };
}

/** The query of an address that shows the same to somebody else; empty for a view as on a first visit. */
export function searchOf({ text, state, sorting, columns }: RunsView): string {
  const query = new URLSearchParams();
  if (text !== "") query.set("q", text);
  if (state !== null) query.set("state", state);
  if (sortingText(sorting) !== sortingText(firstSorting)) query.set("sort", sortingText(sorting));
  if (columns.join() !== firstColumns.join()) query.set("columns", columns.join(","));
  return query.toString().replaceAll("%2C", ",");
}
