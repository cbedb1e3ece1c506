/** What the page of comparisons shows, as its address says it. */
import { axisNames } from "../../run/model/axes.ts";
import type { AxisName } from "../../run/model/axes.ts";
import { comparedMetrics, metricLooks } from "./metrics.ts";
import type { ComparedMetric } from "./metrics.ts";

/** A view. */
export interface CompareView {
  /** Names of runs; `sim:ID` for simulations that this browser holds. */
  readonly runs: readonly string[];
  readonly metric: ComparedMetric;
  readonly axis: AxisName;
  /** In base units. */
  readonly target: number;
  /** Whether settings in which all agree are shown too. */
  readonly isAll: boolean;
}

/** Runs of one page; more lines cannot be told apart. */
const mostRuns = 64;

/** The name that a text is; the first one for any other text. */
const pick = <Name extends string>(names: readonly [Name, ...Name[]], text: string | null): Name =>
  names.find((name) => name === text) ?? names[0];

/** Reads a view; what is missing or broken is as on the first visit. */
export function viewOf(search: string): CompareView {
  const given = new URLSearchParams(search);
  const metric = pick(comparedMetrics, given.get("metric"));
  const { target, typed } = metricLooks[metric];
  const wanted = Number(given.get("target") ?? Number.NaN) * typed;
  const runs = (given.get("runs") ?? "").split(",").filter((name) => name !== "");
  return {
    ...{ metric, axis: pick(axisNames, given.get("x")), isAll: given.get("all") === "1" },
    runs: [...new Set(runs)].slice(0, mostRuns),
    target: Number.isFinite(wanted) && wanted > 0 ? wanted : target,
  };
}

/** Writes it; what is as on the first visit is left out. */
export function searchOf({ runs, metric, axis, target, isAll }: CompareView): string {
  const look = metricLooks[metric];
  const parts = [
    runs.length === 0 ? null : `runs=${runs.map(encodeURIComponent).join(",")}`,
    axis === axisNames[0] ? null : `x=${axis}`,
    metric === comparedMetrics[0] ? null : `metric=${metric}`,
    target === look.target ? null : `target=${Number((target / look.typed).toPrecision(6))}`,
    isAll ? "all=1" : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
