/** The rows of a table that a data reference means. */
import { FedtuneError } from "@fedtune/core";
import type { HoldoutRow } from "./holdout.ts";
import { partOf } from "./holdout.ts";
import type { RowChoice } from "./row-choice.ts";

/** What is picked by. */
export interface PickableRow extends HoldoutRow {
  /** Value of the column that the reference filters by. */
  readonly where: string;
}

/**
 * Rows in their order.
 *
 * @throws FedtuneError `data-invalid` for a row that is not there, no rows at all, or too few to hold some out
 */
export function pickRows<Row extends PickableRow>(
  rows: readonly Row[],
  choice: RowChoice & { readonly path: string },
): readonly Row[] {
  const { rows: wanted, where, path, holdout } = choice;
  const picked =
    wanted === null
      ? rows
      : [...new Set(wanted)].sort((a, b) => a - b).map((index) => rowAt(rows, index, path));
  const kept = where === null ? picked : picked.filter((row) => row.where === where.equals);
  const part = holdout === null ? kept : partOf(kept, holdout);
  if (part.length > 0) return part;
  if (kept.length > 0) throw tooFewToHoldOut(choice, kept.length);
  const filter = where === null ? "" : ` where ${where.column} is "${where.equals}"`;
  throw new FedtuneError(
    "data-invalid",
    `Cannot use ${path}: it has no rows${filter}, expected at least 1`,
    { data: { path, where } },
  );
}

function tooFewToHoldOut(
  { path, holdout }: RowChoice & { readonly path: string },
  rows: number,
): FedtuneError {
  const message = `Cannot keep examples of ${path} for evaluation: it has ${rows} rows for this client, expected at least 2`;
  return new FedtuneError("data-invalid", message, { data: { path, holdout, rows } });
}

function rowAt<Row>(rows: readonly Row[], index: number, path: string): Row {
  const row = rows[index];
  if (row !== undefined) return row;
  const message = `Cannot use row ${index} of ${path}: it has ${rows.length} rows`;
  throw new FedtuneError("data-invalid", message, {
    data: { path, row: index, rows: rows.length },
  });
}
