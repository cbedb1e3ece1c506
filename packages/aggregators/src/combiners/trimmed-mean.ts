import type { Combiner } from "@fedtune/core";
import { z } from "zod";
import { overColumns } from "./columns.ts";
import { mostValues, readRows, standIn } from "./rows.ts";

const config = z.strictObject({
  trimFraction: z
    .number()
    .positive()
    .lt(0.5)
    .default(0.2)
    .describe("share of the values that is dropped at either end of every coordinate"),
  ...mostValues,
});

/** Options of the trimmed mean. */
export type TrimmedMeanConfig = z.output<typeof config>;

/**
 * The mean of each coordinate's values without the largest and the smallest share beta of them:
 * g_j = 1/(n - 2k) sum of x_(i)j over k < i <= n - k, x_(1)j <= ... <= x_(n)j, with k = floor(beta n).
 *
 * Yin, Chen, Ramchandran, Bartlett, arXiv:1803.01498, definition 2 (trimmed mean). With at most k liars every value that
 * counts lies between the smallest and the largest honest one. Sums in float64, in ascending order of the values, rounded
 * once: no order of clients shows.
 *
 * Departs from the paper: beta n need not be whole. Every client that weighs something has one vote. Metrics:
 * `combinerUpdates`, the votes, and `combinerTrimmed`, how many of them each coordinate drops at either end.
 */
export const trimmedMean: Combiner<TrimmedMeanConfig> = {
  name: "trimmed-mean",
  summary: "Mean of every coordinate without its extremes, one vote per client",
  paper: {
    title: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
    id: "arXiv:1803.01498",
    equations: "definition 2: the coordinate-wise beta-trimmed mean",
  },
  config,
  claims: { compares: true, memory: "clients" },
  leastUpdates: least,
  liars: trimmed,
  async combine(options, closed) {
    const { maxRobustValues } = options;
    const needed = { combiner: "trimmed-mean", least: least(options), maxRobustValues };
    const rows = await readRows(closed, needed);
    const dropped = trimmed(options, rows.length);
    const deltas = rows.map(({ delta }) => delta);
    const mean = (ascending: Float32Array): number => meanBetween(ascending, dropped);
    const delta = overColumns(deltas, rows[0].delta.length, mean);
    return {
      closed: standIn(rows, closed)(delta),
      metrics: () => ({ combinerUpdates: rows.length, combinerTrimmed: dropped }),
    };
  },
};

/** floor(beta n); 0.29 x 100 is 28.999... in float64, and 29 is meant. */
function trimmed({ trimFraction }: TrimmedMeanConfig, clients: number): number {
  return Math.floor(trimFraction * clients + 1e-9);
}

/** The fewest of whom one is dropped at either end. */
function least(options: TrimmedMeanConfig): number {
  return Math.max(3, Math.ceil(1 / options.trimFraction - 1e-9));
}

function meanBetween(ascending: Float32Array, dropped: number): number {
  const until = ascending.length - dropped;
  let sum = 0;
  for (let i = dropped; i < until; i++) sum += ascending[i] ?? 0;
  return sum / (until - dropped);
}
