import type { SeriesPoint } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thinned } from "./thinning.ts";

const series = fc.uniqueArray(fc.nat(500), { maxLength: 120 }).chain((rounds) =>
  fc
    .array(fc.double({ noNaN: true, min: -9, max: 9 }), {
      minLength: rounds.length,
      maxLength: rounds.length,
    })
    .map((values) =>
      [...rounds].sort((a, b) => a - b).map((round, at): SeriesPoint => [round, values[at] ?? 0]),
    ),
);

/** The obvious way: every column sorted by value. */
function extremesOf(points: readonly SeriesPoint[], width: number): number[][] {
  const first = points[0]?.[0] ?? 0;
  const perColumn = ((points.at(-1)?.[0] ?? 0) - first + 1) / width;
  const columns = new Map<number, number[]>();
  for (const [round, value] of points) {
    const column = Math.floor((round - first) / perColumn);
    columns.set(column, [...(columns.get(column) ?? []), value]);
  }
  return [...columns.values()].map((values) => [
    ...[values[0]!, Math.min(...values), Math.max(...values), values.at(-1)!],
  ]);
}

describe("a series in fewer points", () => {
  it("keeps first, least, greatest and last of every column, in order, and adds nothing", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 40 }), (points, width) => {
        const kept = thinned(points, width);
        expect(kept.length).toBeLessThanOrEqual(4 * width);
        const rounds = kept.map(([round]) => round);
        expect(rounds).toEqual([...new Set(rounds)].sort((a, b) => a - b));
        for (const point of kept) expect(points).toContain(point);
        expect(extremesOf(kept, width)).toEqual(extremesOf(points, width));
      }),
    );
  });

  it("of a hundred thousand keeps the one that stands out", () => {
    const points = Array.from({ length: 100_000 }, (_, round): SeriesPoint => [
      ...([round, round === 77_777 ? 1e9 : Math.sin(round)] as const),
    ]);
    const kept = thinned(points, 500);
    expect(kept.length).toBeLessThanOrEqual(2_000);
    expect(kept).toContainEqual([77_777, 1e9]);
  });
});
