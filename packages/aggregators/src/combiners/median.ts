import type { Combiner } from "@fedtune/core";
import { z } from "zod";
import { overColumns } from "./columns.ts";
import { mostValues, readRows, standIn } from "./rows.ts";

const config = z.strictObject(mostValues);

/** Options of the median. */
export type MedianConfig = z.output<typeof config>;

/**
 * The median of each coordinate over the clients: g_j = med { x_kj : k in 1..n }.
 *
 * Yin, Chen, Ramchandran, Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
 * arXiv:1803.01498, definition 1 (median). With fewer than n/2 liars every coordinate lies between the smallest and the
 * largest honest value. For an even n it is the mean of the middle two, in float64, rounded once.
 *
 * Every client that weighs something has one vote: weights are what clients say about themselves. The method sees one
 * update of weight 1. Metrics: `combinerUpdates`, the votes.
 */
export const median: Combiner<MedianConfig> = {
  name: "median",
  summary: "Median of every coordinate, one vote per client",
  paper: {
    title: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
    id: "arXiv:1803.01498",
    equations: "definition 1: the coordinate-wise median",
  },
  config,
  claims: { compares: true, memory: "clients" },
  leastUpdates: () => 3,
  liars: (_options, clients) => Math.max(0, Math.ceil(clients / 2) - 1),
  async combine({ maxRobustValues }, closed) {
    const rows = await readRows(closed, { combiner: "median", least: 3, maxRobustValues });
    const deltas = rows.map(({ delta }) => delta);
    const delta = overColumns(deltas, rows[0].delta.length, middle);
    return {
      closed: standIn(rows, closed)(delta),
      metrics: () => ({ combinerUpdates: rows.length }),
    };
  },
};

function middle(ascending: Float32Array): number {
  const n = ascending.length;
  const upper = ascending[n >> 1] ?? 0;
  return n % 2 === 1 ? upper : ((ascending[(n >> 1) - 1] ?? 0) + upper) / 2;
}
