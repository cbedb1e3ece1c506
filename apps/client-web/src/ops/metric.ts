/** Metrics by their names: how they are written, and which end is the better one. */
import { formatLoss, formatPercent, formatSignificant } from "@fedtune/figures";

/** Metrics that are shares between 0 and 1. */
const shares = /accuracy|f1|precision|recall|auc|exactMatch/i;

/** Whether less of a metric is better, as the coordinator decides it too. */
export function isBetterWhenLow(metric: string): boolean {
  return /loss|perplexity|error/i.test(metric);
}

/** A value of a metric as people read it. */
export function formatMetric(metric: string, value: number): string {
  if (shares.test(metric)) return formatPercent(value);
  return isBetterWhenLow(metric) ? formatLoss(value) : formatSignificant(value);
}

/** A metric's name as a word within a sentence. */
export function metricWord(metric: string): string {
  return metric.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
}
