/**
 * Fewer points that draw the same line: of every column the first, the least, the greatest and the last (M4: Jugel et al.
 * 2014, doi:10.14778/2732951.2732953). Nothing is left out by chance.
 */
import type { SeriesPoint } from "@fedtune/core";

/** Keeps what a line of `width` columns needs; at most four points of each. */
export function thinned(points: readonly SeriesPoint[], width: number): readonly SeriesPoint[] {
  const first = points[0]?.[0] ?? 0;
  const last = points.at(-1)?.[0] ?? 0;
  const perColumn = (last - first + 1) / width;
  const kept: SeriesPoint[] = [];
  for (let at = 0; at < points.length;) {
    const column = Math.floor(((points[at]?.[0] ?? 0) - first) / perColumn);
    const end = endOf(points, at, first + (column + 1) * perColumn);
    kept.push(...extremes(points.slice(at, end)));
    at = end;
  }
  return kept;
}

/** The place of the first point that is not before `round`, after `at` in any case. */
function endOf(points: readonly SeriesPoint[], at: number, round: number): number {
  let end = at + 1;
  while (end < points.length && (points[end]?.[0] ?? 0) < round) end++;
  return end;
}

/** Ascending, each once. */
function extremes(column: readonly SeriesPoint[]): readonly SeriesPoint[] {
  if (column.length <= 4) return column;
  let [least, greatest] = [0, 0];
  column.forEach(([, value], at) => {
    if (value < (column[least]?.[1] ?? 0)) least = at;
    if (value > (column[greatest]?.[1] ?? 0)) greatest = at;
  });
  const places = new Set([
    0,
    Math.min(least, greatest),
    Math.max(least, greatest),
    column.length - 1,
  ]);
  return [...places].flatMap((at) => {
    const point = column[at];
    return point === undefined ? [] : [point];
  });
}
