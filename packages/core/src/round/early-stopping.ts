/** Which evaluations are due, which was the best, and when there is no hope of a better one. */
import type { Metrics } from "../metrics.ts";
import type { RoundRules } from "./attempt.ts";
import type { BestEvaluation } from "./types.ts";

/** When a run ends before its last round. */
export interface StoppingRule {
  /** Name of the metric that is watched. */
  readonly metric: string;
  /** Evaluations without a better value that are put up with; null: all, the best is only noted. */
  readonly patience: number | null;
  /** Least difference that counts as better. */
  readonly minDelta: number;
}

/** Whether the adapter after a round is evaluated: the first, every so many, and the last. */
export function isEvaluated(
  { evaluateEvery, policy }: Pick<RoundRules, "evaluateEvery" | "policy">,
  round: number,
): boolean {
  if (evaluateEvery === 0) return false;
  return round % evaluateEvery === 0 || round >= policy.numRounds;
}

/** The better of the best evaluation so far and a new one; of two alike the earlier. */
export function betterOf(
  best: BestEvaluation | null,
  { round, metrics }: { readonly round: number; readonly metrics: Metrics | null },
  rule: StoppingRule | null,
): BestEvaluation | null {
  const value = rule === null ? undefined : metrics?.[rule.metric];
  if (rule === null || value === undefined) return best;
  if (best === null || Number.isNaN(best.value)) return { round, value, since: 0 };
  const gain = isLowerBetter(rule.metric) ? best.value - value : value - best.value;
  return gain > rule.minDelta ? { round, value, since: 0 } : { ...best, since: best.since + 1 };
}

/** Whether the patience is at its end. */
export function isStale(best: BestEvaluation | null, rule: StoppingRule | null): boolean {
  const patience = rule?.patience ?? null;
  return patience !== null && best !== null && best.since >= patience;
}

/** Of losses the lower value is better, of all other metrics the higher. */
export function isLowerBetter(metric: string): boolean {
  return metric === "loss" || metric.endsWith("Loss");
}
