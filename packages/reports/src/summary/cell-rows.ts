/** A cell's rounds as a report needs them: what was spent so far, and the metric where it was measured. */
import type { CellResult } from "@fedtune/simulation";

/** What a cell had spent when a round was over; bytes are adapter blobs over all clients. */
export interface Spent {
  readonly round: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Control messages, both ways. */
  readonly controlBytes: number;
  /** On the virtual clock. */
  readonly seconds: number;
  /** Null in a run without privacy. */
  readonly epsilon: number | null;
}

/** A measurement of the metric; finite. */
export interface Measured extends Spent {
  readonly value: number;
}

/** What was spent after each row, in their order. */
export function spentAfter({ rows }: Pick<CellResult, "rows">): Spent[] {
  let [bytesUp, bytesDown, controlBytes, seconds] = [0, 0, 0, 0];
  return rows.map((row) => {
    bytesUp += row.bytesUp;
    bytesDown += row.bytesDown;
    controlBytes += row.controlBytesUp + row.controlBytesDown;
    seconds += row.seconds;
    const { round, epsilon } = row;
    return { round, bytesUp, bytesDown, controlBytes, seconds, epsilon };
  });
}

/** The rounds after which the metric was measured and is finite. */
export function measuredIn(cell: Pick<CellResult, "rows">, metric: string): Measured[] {
  const spent = spentAfter(cell);
  return cell.rows.flatMap(({ evaluation }, at) => {
    const [value, before] = [evaluation?.[metric] ?? NaN, spent[at]];
    return Number.isFinite(value) && before !== undefined ? [{ ...before, value }] : [];
  });
}

/** Which way of the metric is good. */
export type Better = "higher" | "lower";

/** Whether `value` is better than `other`. */
export const isBetter = (better: Better, value: number, other: number): boolean =>
  better === "higher" ? value > other : value < other;

/** The measurement that stands for a cell: its last, or the first of its best; null: there is none. */
export function standsFor(
  measured: readonly Measured[],
  { at, better }: { readonly at: "last" | "best"; readonly better: Better },
): Measured | null {
  if (at === "last") return measured.at(-1) ?? null;
  return measured.reduce<Measured | null>(
    (best, one) => (best === null || isBetter(better, one.value, best.value) ? one : best),
    null,
  );
}

/** The first measurement that is as good as a target; null: it is not reached. */
export const firstAtTarget = (
  measured: readonly Measured[],
  { target, better }: { readonly target: number; readonly better: Better },
): Measured | null => measured.find(({ value }) => !isBetter(better, target, value)) ?? null;

/** The last measured aggregation error of a cell; null: none was measured. */
export function lastError({ rows }: Pick<CellResult, "rows">): number | null {
  return (
    rows.findLast((row) => isNumber(row.aggregationError?.total))?.aggregationError?.total ?? null
  );
}

/** Neither absent nor beyond what can be drawn. */
export const isNumber = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);
