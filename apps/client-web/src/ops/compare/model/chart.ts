/** The curves of a comparison as one chart. */
import { seriesStyle } from "@fedtune/figures";
import type { LineChart, Mean, Series } from "@fedtune/figures";
import { axes } from "../../run/model/axes.ts";
import { groupCurve } from "./groups.ts";
import type { GroupPoint, RunGroup } from "./groups.ts";
import { metricLooks } from "./metrics.ts";
import type { CompareView } from "./view.ts";

const numbers = (
  points: readonly GroupPoint[],
  value: (point: GroupPoint) => number | null | undefined,
): Float64Array => Float64Array.from(points, (point) => value(point) ?? Number.NaN);

/** A line needs ascending places: what is not known, or stands still, is left out. */
function ascending(points: readonly GroupPoint[]): readonly GroupPoint[] {
  let last = Number.NEGATIVE_INFINITY;
  return points.filter(({ x }) => {
    if (x === null || x <= last) return false;
    last = x;
    return true;
  });
}

/** The lower or the upper end of the interval; null where there is none. */
const edgeOf =
  (sign: 1 | -1) =>
  ({ y }: GroupPoint): number | null => {
    const { mean, halfWidth } = y ?? { mean: 0, halfWidth: null };
    return halfWidth === null ? null : mean + sign * halfWidth;
  };

function standardError(y: Mean | null): number | null {
  const deviation = y?.deviation ?? null;
  return y === null || deviation === null ? null : deviation / Math.sqrt(y.n);
}

function lineOf(group: RunGroup, { metric, axis }: CompareView, place: number): Series {
  const points = ascending(groupCurve(group, metric, axis));
  const hasBand = points.some(({ y }) => (y?.halfWidth ?? null) !== null);
  return {
    ...{ id: group.id, label: group.label, style: seriesStyle(place) },
    x: numbers(points, ({ x }) => x),
    y: numbers(points, ({ y }) => y?.mean),
    n: numbers(points, ({ y }) => y?.n),
    standardError: numbers(points, ({ y }) => standardError(y)),
    ...(hasBand
      ? { band: { low: numbers(points, edgeOf(-1)), high: numbers(points, edgeOf(1)) } }
      : {}),
  };
}

function footOf(groups: readonly RunGroup[], rounds: number): string {
  const counts = groups.map(({ runs }) => runs.length);
  const most = Math.max(0, ...counts);
  const who =
    most > 1
      ? `Line: mean of ${Math.min(...counts) === most ? most : `up to ${most}`} seeds. Band: 95 % interval over seeds. `
      : "";
  return `${who}Curves end where the run ended (${rounds} rounds). Dashed rule: the target. Not smoothed.`;
}

/** The chart. */
export function compareChart(
  groups: readonly RunGroup[],
  view: CompareView,
  placeOf: (group: RunGroup) => number,
): LineChart {
  const { title, subtitle, kind, better } = metricLooks[view.metric];
  const rounds = Math.max(
    0,
    ...groups.flatMap(({ runs }) => runs.map(({ rows }) => rows.at(-1)?.round ?? 0)),
  );
  return {
    ...{ title: `${title} against what it costs`, subtitle, better, x: axes[view.axis] },
    y: { kind, name: title.toLowerCase() },
    series: groups.map((group) => lineOf(group, view, placeOf(group))),
    rules: [{ y: view.target, label: "target", colour: "ink-3" }],
    ...{ bandName: "95 % interval over seeds", foot: footOf(groups, rounds) },
  };
}
