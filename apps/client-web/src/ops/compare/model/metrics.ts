/** Metrics that runs are compared by. */
import type { NumberKind } from "@fedtune/figures";
import { accuracyOf } from "../../run/model/rounds-table.ts";
import type { RoundFigures } from "../../run/model/round-figures.ts";

/** Names as they stand in addresses. */
export const comparedMetrics = ["accuracy", "loss", "macroF1"] as const;
/** One of {@link comparedMetrics}. */
export type ComparedMetric = (typeof comparedMetrics)[number];

/** How a metric is written, and which end is good. */
export interface MetricLook {
  readonly title: string;
  readonly subtitle: string;
  readonly kind: NumberKind;
  readonly better: "higher" | "lower";
  /** A target to begin with, in base units. */
  readonly target: number;
  /** Of what people type to base units: 80 % is 0.8. */
  readonly typed: number;
  readonly unit: string;
}

/** The look of each. */
export const metricLooks: Readonly<Record<ComparedMetric, MetricLook>> = {
  accuracy: {
    ...{ title: "Accuracy", subtitle: "% correct", kind: "fraction", better: "higher" },
    ...{ target: 0.8, typed: 0.01, unit: "%" },
  },
  loss: {
    ...{ title: "Loss", subtitle: "cross-entropy, nats", kind: "loss", better: "lower" },
    ...{ target: 0.7, typed: 1, unit: "nats" },
  },
  macroF1: {
    ...{ title: "Macro F1", subtitle: "%", kind: "fraction", better: "higher" },
    ...{ target: 0.8, typed: 0.01, unit: "%" },
  },
};

/** A round's value of a metric; null: it was not measured. */
export function valueOf({ evaluation }: RoundFigures, metric: ComparedMetric): number | null {
  return metric === "accuracy" ? accuracyOf(evaluation) : (evaluation?.[metric] ?? null);
}

/** Whether a value has reached a target. */
export function hasReached(value: number, target: number, metric: ComparedMetric): boolean {
  return metricLooks[metric].better === "higher" ? value >= target : value <= target;
}
