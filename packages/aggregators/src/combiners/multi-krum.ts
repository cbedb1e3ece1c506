import type { Combiner, MethodUpdate } from "@fedtune/core";
import { z } from "zod";
import { squaredDistances } from "./distances.ts";
import { mostValues, readRows, roundOf } from "./rows.ts";

const config = z.strictObject({
  byzantineClients: z
    .int()
    .positive()
    .max(100_000)
    .default(1)
    .describe("f: clients of a round that may lie; a round needs 2 f + 3 updates"),
  keptClients: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("m: updates that are averaged, at most n - f - 2; null: as many"),
  ...mostValues,
});

/** Options of multi-Krum. */
export type MultiKrumConfig = z.output<typeof config>;

/**
 * Keeps the m updates that lie closest to others: s(i) = sum of ||x_i - x_j||^2 over the n - f - 2 updates j closest to i;
 * those with the smallest scores are averaged.
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
 * arXiv:1703.02757, section 4 (Krum) and section 6 (Multi-Krum); n >= 2f + 3. With at most f liars and D the largest
 * distance of two honest updates, what is kept lies within D sqrt((n - f - 2) / (n - 2f - 1)) of an honest update: an
 * honest score is at most (n - f - 2) D^2, and of a liar's neighbours n - 2f - 1 are honest.
 *
 * Distances are sums of squared differences in float64, never |x|^2 + |y|^2 - 2xy, which loses all digits where updates
 * are alike. Equal scores go to the lower participantIndex. O(n^2 length) time.
 *
 * Departs from the paper: m is at most n - f - 2 (El Mhamdi et al., arXiv:1802.07927), so that the bound above holds. Every
 * client that weighs something has one vote. Metrics: `combinerUpdates`, the votes, and `combinerKept`, m.
 */
export const multiKrum: Combiner<MultiKrumConfig> = {
  name: "multi-krum",
  summary: "Mean of the updates that lie closest to others, one vote per client",
  paper: {
    title: "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
    id: "arXiv:1703.02757",
    equations: "section 4: the score s(i); section 6: the mean of the m best",
  },
  config,
  claims: { compares: true, memory: "clients" },
  leastUpdates: least,
  liars: (options, clients) => (clients < least(options) ? 0 : options.byzantineClients),
  async combine(options, closed) {
    const { byzantineClients, keptClients, maxRobustValues } = options;
    const needed = { combiner: "multi-krum", least: least(options), maxRobustValues };
    const rows = await readRows(closed, needed);
    const most = rows.length - byzantineClients - 2;
    const kept = closestTo(rows, { neighbours: most, keep: Math.min(keptClients ?? most, most) });
    return {
      closed: roundOf(closed, kept),
      metrics: () => ({ combinerUpdates: rows.length, combinerKept: kept.length }),
    };
  },
};

function least({ byzantineClients }: MultiKrumConfig): number {
  return 2 * byzantineClients + 3;
}

/** The updates of the smallest scores with weight 1, in their order. */
function closestTo(
  rows: readonly MethodUpdate[],
  { neighbours, keep }: { readonly neighbours: number; readonly keep: number },
): MethodUpdate[] {
  const n = rows.length;
  const distances = squaredDistances(rows.map(({ delta }) => delta));
  const scores = rows.map((_, i) => scoreOf(distances, { i, n, neighbours }));
  const byScore = rows
    .map((_, i) => i)
    .sort((i, j) => (scores[i] ?? 0) - (scores[j] ?? 0) || i - j);
  const chosen = new Set(byScore.slice(0, keep));
  return rows.filter((_, i) => chosen.has(i)).map((row) => ({ ...row, weight: 1 }));
}

function scoreOf(
  distances: Float64Array,
  { i, n, neighbours }: { readonly i: number; readonly n: number; readonly neighbours: number },
): number {
  const own = distances.slice(i * n, (i + 1) * n);
  // An update is not its own neighbour.
  own[i] = Infinity;
  let score = 0;
  for (const distance of own.sort().subarray(0, neighbours)) score += distance;
  return score;
}
