/** Named numbers about training or evaluation. Names: `loss`, `accuracy`, `macroF1`, `matthews`, `examples`, `steps`, `tokens`, `seconds`. */
export type Metrics = Readonly<Record<string, number>>;

/** Names that are totals; all others are averaged by weight. */
const TOTALS: ReadonlySet<string> = new Set(["examples", "steps", "tokens", "seconds"]);

/**
 * Merges metrics of several clients: totals are added, everything else is the mean weighted by `weight`.
 *
 * A name missing at some clients is averaged over those that have it; zero total weight leaves the name out.
 */
export function mergeMetrics(
  parts: readonly { readonly weight: number; readonly metrics: Metrics }[],
): Metrics {
  const sums = new Map<string, { value: number; weight: number }>();
  for (const { weight, metrics } of parts) {
    for (const [name, value] of Object.entries(metrics)) {
      const share = TOTALS.has(name) ? 1 : weight;
      const sum = sums.get(name) ?? { value: 0, weight: 0 };
      sums.set(name, { value: sum.value + share * value, weight: sum.weight + share });
    }
  }
  const merged: Record<string, number> = {};
  for (const [name, sum] of sums) {
    if (TOTALS.has(name)) merged[name] = sum.value;
    else if (sum.weight > 0) merged[name] = sum.value / sum.weight;
  }
  return merged;
}
