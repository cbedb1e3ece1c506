/** A table as data: its columns, the order of its rows, and which of many rows are drawn. */
import type { ReactNode } from "react";

/** A column. */
export interface Column<Row> {
  readonly id: string;
  /** With its unit; one line. */
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** `end` for numbers. */
  readonly align?: "start" | "end";
  /** Makes the column sortable; null: no value, and last in either order. */
  readonly sortValue?: (row: Row) => number | string | null;
  /** Any CSS width. */
  readonly width?: string;
  /** On phones a row is a title and up to three facts; other columns are left out there. */
  readonly phone?: "title" | "fact";
}

/** The order of a table, kept in the page's address. */
export interface TableSort {
  readonly column: string;
  readonly isDescending: boolean;
}

/** The order after a press on a column's head: ascending, then descending. */
export const nextSort = (sort: TableSort | null, column: string): TableSort => ({
  column,
  isDescending: sort?.column === column && !sort.isDescending,
});

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Rows in an order; equal ones keep theirs, those without a value come last. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: TableSort | null,
): readonly Row[] {
  const valueOf = columns.find((column) => column.id === sort?.column)?.sortValue;
  if (sort === null || valueOf === undefined) return rows;
  const direction = sort.isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) {
        return Number(a.value === null) - Number(b.value === null);
      }
      return direction * compare(a.value, b.value);
    })
    .map(({ row }) => row);
}

/** A stretch of rows, `end` excluded. */
export interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** Rows around what is seen, so that a quick scroll does not show a gap. */
const overscan = 12;

/** Which rows of equal height are to be drawn. */
export function windowOf(view: {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
}): RowWindow {
  const first = Math.floor(view.scrollTop / view.rowHeight) - overscan;
  const shown = Math.ceil(view.height / view.rowHeight) + 2 * overscan;
  const start = Math.max(0, Math.min(first, view.count - shown));
  return { start, end: Math.min(view.count, start + shown) };
}
