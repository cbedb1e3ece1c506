/** What each setting has cost when it first reached a target. */
import { axisNames } from "../../run/model/axes.ts";
import type { AxisName } from "../../run/model/axes.ts";
import { groupCurve } from "./groups.ts";
import type { RunGroup } from "./groups.ts";
import { hasReached } from "./metrics.ts";
import type { ComparedMetric } from "./metrics.ts";

/** The cost of one group. */
export interface ReachCost {
  readonly group: RunGroup;
  /** The round in which the mean first reached the target; null: it did not. */
  readonly round: number | null;
  /** What was used up by then; null: not reached, or not known. */
  readonly costs: Readonly<Record<AxisName, number | null>>;
  /** The last round that was evaluated. */
  readonly rounds: number;
}

/** What is wanted. */
export interface Target {
  readonly metric: ComparedMetric;
  /** In base units. */
  readonly value: number;
}

/** Costs of all groups. */
export function costsToReach(groups: readonly RunGroup[], target: Target): readonly ReachCost[] {
  return groups.map((group) => costOf(group, target));
}

function costOf(group: RunGroup, { metric, value }: Target): ReachCost {
  const curve = groupCurve(group, metric, "rounds");
  const at = curve.findIndex(({ y }) => y !== null && hasReached(y.mean, value, metric));
  const cost = (axis: AxisName): number | null =>
    at < 0 ? null : (groupCurve(group, metric, axis)[at]?.x ?? null);
  const costs = Object.fromEntries(axisNames.map((axis) => [axis, cost(axis)]));
  return {
    ...{ group, round: curve[at]?.round ?? null },
    costs: { rounds: null, bytes: null, epsilon: null, time: null, ...costs },
    rounds: curve.at(-1)?.round ?? 0,
  };
}
