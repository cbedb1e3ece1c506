/** Classification metrics from logits. */
import type { Metrics } from "@fedtune/core";

/** Logits of examples with their true labels. */
export interface Scored {
  /** `[examples * classes]`, row-major. */
  readonly logits: Float32Array;
  /** `[examples]`. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * `loss` (mean cross-entropy), `accuracy`, `macroF1` (mean over labels that are true or predicted at least once),
 * `matthews` (R_K; 0 where it is undefined) and `examples`.
 */
export function classificationMetrics({ logits, labels, classes }: Scored): Metrics {
  const examples = labels.length;
  const predicted = Int32Array.from(labels, (_, row) =>
    argMax(logits.subarray(row * classes, (row + 1) * classes)),
  );
  const loss = labels.reduce(
    (sum, label, row) =>
      sum + crossEntropyOf(logits.subarray(row * classes, (row + 1) * classes), label),
    0,
  );
  const table = confusion(labels, predicted, classes);
  return { loss: loss / examples, ...confusionMetrics(table), examples };
}

/** Index of the largest value, the first of equals; -1 when all are NaN. */
function argMax(values: ArrayLike<number>): number {
  let best = -1;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (
      value > (best === -1 ? Number.NEGATIVE_INFINITY : (values[best] ?? Number.NaN)) ||
      (best === -1 && value === value)
    )
      best = index;
  }
  return best;
}

/** log(sum(exp(logits))) - logits[label] in float64. */
function crossEntropyOf(logits: Float32Array, label: number): number {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum) - (logits[label] ?? Number.NaN);
}

/** `[truth][predicted]` counts. */
export function confusion(
  truth: Int32Array,
  predicted: Int32Array,
  classes: number,
): readonly Int32Array[] {
  const table = Array.from({ length: classes }, () => new Int32Array(classes));
  truth.forEach((label, row) => {
    const counts = table[label];
    const guess = predicted[row] ?? -1;
    if (counts !== undefined && guess >= 0) counts[guess] = (counts[guess] ?? 0) + 1;
  });
  return table;
}

/** Accuracy, macro F1 and Matthews' coefficient of a confusion table. Gorodkin 2004, equation 8, for the last. */
export function confusionMetrics(table: readonly Int32Array[]): {
  accuracy: number;
  macroF1: number;
  matthews: number;
} {
  const sum = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
  const truth = table.map((row) => sum(row));
  const predicted = table.map((_, column) => sum(table.map((row) => row[column] ?? 0)));
  const correct = table.map((row, index) => row[index] ?? 0);
  const [total, hits] = [sum(truth), sum(correct)];
  const scores = correct.flatMap((hit, index) => {
    const size = (truth[index] ?? 0) + (predicted[index] ?? 0);
    return size === 0 ? [] : [(2 * hit) / size];
  });
  const product = sum(truth.map((count, index) => count * (predicted[index] ?? 0)));
  const spread = (counts: readonly number[]): number =>
    total * total - sum(counts.map((count) => count * count));
  const scale = Math.sqrt(spread(truth)) * Math.sqrt(spread(predicted));
  return {
    accuracy: hits / total,
    macroF1: sum(scores) / scores.length,
    matthews: scale === 0 ? 0 : (hits * total - product) / scale,
  };
}
