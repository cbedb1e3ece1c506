/** Tables as CSV: every digit in base units (bytes, virtual seconds, fractions), an empty cell where there is no value. */
import { csvCell, csvNumber } from "@fedtune/figures";

/** What stands in a cell of a table. */
export type Cell = string | number | null | undefined;

/** A row: values by column. */
export type Row = Readonly<Record<string, Cell>>;

const cellText = (cell: Cell): string => {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return csvCell(cell);
  // A stored cell has no infinities, and a report of it must have the same bytes.
  return Number.isFinite(cell) ? csvNumber(cell) : "";
};

/** Rows under one head: the columns of all of them in the order in which they first appear. */
export function csvText(rows: Iterable<Row>): string {
  const all = [...rows];
  const columns = [...new Set(all.flatMap((row) => Object.keys(row)))];
  const lines = all.map((row) => columns.map((column) => cellText(row[column])).join(","));
  return `${[columns.map(csvCell).join(","), ...lines].join("\n")}\n`;
}
