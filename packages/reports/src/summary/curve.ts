/** A group's rounds as one curve: means over its seeds. */
import type { CellResult } from "@fedtune/simulation";
import { meanOf, type Mean } from "@fedtune/figures";
import { isNumber, measuredIn, type Measured } from "./cell-rows.ts";

/** A point of a curve; places are means over the seeds that were measured there. */
export interface CurvePoint {
  readonly round: number;
  /** Adapters, both ways. */
  readonly bytes: number;
  readonly seconds: number;
  /** Null in a run without privacy. */
  readonly epsilon: number | null;
  readonly value: Mean;
}

const mean = (values: readonly number[]): number => meanOf(values)?.mean ?? 0;

/** The metric over rounds; a round that only some seeds have is a mean of those. */
export function metricCurve(cells: readonly CellResult[], metric: string): CurvePoint[] {
  const byRound = new Map<number, Measured[]>();
  for (const measured of cells.flatMap((cell) => measuredIn(cell, metric))) {
    byRound.set(measured.round, [...(byRound.get(measured.round) ?? []), measured]);
  }
  return [...byRound]
    .sort(([a], [b]) => a - b)
    .flatMap(([round, all]) => {
      const value = meanOf(all.map((one) => one.value));
      if (value === null) return [];
      const epsilons = all.map((one) => one.epsilon).filter(isNumber);
      const point = {
        round,
        value,
        bytes: mean(all.map((one) => one.bytesUp + one.bytesDown)),
        seconds: mean(all.map((one) => one.seconds)),
        epsilon: epsilons.length === 0 ? null : mean(epsilons),
      };
      return [point];
    });
}

/** Means by round. */
export type RoundMean = readonly [round: number, value: Mean];

/** The aggregation error over rounds, of the seeds where it was measured. */
export function errorCurve(cells: readonly CellResult[]): RoundMean[] {
  const byRound = new Map<number, number[]>();
  for (const { round, aggregationError } of cells.flatMap(({ rows }) => rows)) {
    const total = aggregationError?.total;
    if (isNumber(total)) byRound.set(round, [...(byRound.get(round) ?? []), total]);
  }
  return [...byRound]
    .sort(([a], [b]) => a - b)
    .flatMap(([round, values]): RoundMean[] => {
      const value = meanOf(values);
      return value === null ? [] : [[round, value]];
    });
}
