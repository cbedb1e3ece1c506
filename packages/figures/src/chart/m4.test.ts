import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimate, decimateBand, gap, lowerBound, runsOf } from "./m4.ts";

/** Values with gaps and infinities now and then. */
const values = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(NaN) },
    { weight: 1, arbitrary: fc.constant(Infinity) },
  ),
  { minLength: 1, maxLength: 600 },
);
const view = fc.record({
  columns: fc.integer({ min: 1, max: 40 }),
  isLog: fc.boolean(),
});
const rounds = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => i + 1);
const isDrawn = (value: number, isLog: boolean): boolean =>
  Number.isFinite(value) && (!isLog || value > 0);

describe("decimate", () => {
  it("keeps first, least, greatest and last of every column, by an obvious slow version", () => {
    fc.assert(
      fc.property(values, view, (y, { columns, isLog }) => {
        const x = rounds(y.length);
        const range = [1, y.length + 1] as const;
        const kept = new Set(decimate(x, y, { range, columns, isLog }).indices);
        for (let column = 0; column < columns; column++) {
          const [from, to] = [column, column + 1].map((c) => 1 + (c * y.length) / columns) as [
            number,
            number,
          ];
          // Not at the very edge of a column, where rounding decides.
          const inside = y
            .map((_, i) => i)
            .filter((i) => x[i]! > from + 1e-9 && x[i]! < to - 1e-9 && isDrawn(y[i]!, isLog));
          if (inside.length === 0) continue;
          const all = inside.map((i) => y[i]!);
          const shown = inside.filter((i) => kept.has(i)).map((i) => y[i]!);
          const edges = y
            .map((_, i) => i)
            .filter((i) => Math.abs(x[i]! - from) < 1e-9 && isDrawn(y[i]!, isLog));
          const [least, greatest] = [Math.min(...all), Math.max(...all)];
          const withEdges = [...shown, ...edges.filter((i) => kept.has(i)).map((i) => y[i]!)];
          expect(Math.min(...withEdges)).toBeLessThanOrEqual(least);
          expect(Math.max(...withEdges)).toBeGreaterThanOrEqual(greatest);
          if (edges.length === 0) expect(kept.has(inside[0]!)).toBe(true);
          expect(kept.has(inside.at(-1)!)).toBe(true);
        }
      }),
    );
  });

  it("keeps indices in order, each once, only of values that can be drawn, at most four a column", () => {
    fc.assert(
      fc.property(values, view, (y, { columns, isLog }) => {
        const { indices } = decimate(rounds(y.length), y, { range: [1, y.length], columns, isLog });
        const own = [...indices].filter((i) => i !== gap);
        for (let i = 1; i < own.length; i++) expect(own[i]!).toBeGreaterThan(own[i - 1]!);
        for (const index of own) expect(isDrawn(y[index]!, isLog)).toBe(true);
        expect(own.length).toBeLessThanOrEqual(4 * (columns + 2));
      }),
    );
  });

  it("breaks the line exactly where something is missing between two kept values", () => {
    fc.assert(
      fc.property(values, view, (y, { columns, isLog }) => {
        const { indices } = decimate(rounds(y.length), y, { range: [1, y.length], columns, isLog });
        let before = -1;
        let isBroken = false;
        for (const index of indices) {
          if (index === gap) {
            isBroken = true;
            continue;
          }
          const between = y.slice(before + 1, index);
          if (before >= 0) {
            expect(isBroken).toBe(between.some((value) => !isDrawn(value, isLog)));
          }
          [before, isBroken] = [index, false];
        }
        expect(indices.at(-1)).not.toBe(gap);
      }),
    );
  });

  it("draws everything up to four points a column", () => {
    const y = [3, 1, NaN, 4, 1, 5, Infinity, 2];
    const { indices, notFinite } = decimate(rounds(8), y, { range: [1, 8], columns: 2 });
    expect([...indices]).toEqual([0, 1, gap, 3, 4, 5, gap, 7]);
    expect(notFinite).toEqual([6]);
  });

  it("takes one neighbour on either side of what is shown, so that lines reach the edge", () => {
    const y = rounds(100);
    const { indices } = decimate(rounds(100), y, { range: [10.5, 12.5], columns: 50 });
    expect([...indices]).toEqual([9, 10, 11, 12]);
  });

  it("gives the same for the same: nothing is drawn by chance", () => {
    const y = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i * i));
    const once = decimate(rounds(5000), y, { range: [1, 5000], columns: 300 });
    const twice = decimate(rounds(5000), y, { range: [1, 5000], columns: 300 });
    expect(once).toEqual(twice);
    expect(once.indices.length).toBeLessThan(1300);
  });

  it("has nothing to keep of nothing", () => {
    expect(decimate([], [], { range: [0, 1], columns: 10 }).indices.length).toBe(0);
    expect(decimate([1], [NaN], { range: [0, 1], columns: 10 }).indices.length).toBe(0);
  });
});

describe("decimateBand", () => {
  it("reaches from the lowest to the highest edge of every column", () => {
    const edge = fc.tuple(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: 0, max: 3, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(edge, { minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 20 }),
        (edges, columns) => {
          const low = edges.map(([value]) => value);
          const high = edges.map(([value, width]) => value + width);
          const kept = decimateBand(
            rounds(low.length),
            { low, high },
            { range: [1, low.length + 1], columns },
          );
          expect(Math.min(...kept.low)).toBe(Math.min(...low));
          expect(Math.max(...kept.high)).toBe(Math.max(...high));
          expect(kept.x.length).toBeLessThanOrEqual(Math.max(4 * columns, 0) + 3);
          kept.low.forEach((value, i) => expect(value).toBeLessThanOrEqual(kept.high[i]!));
        },
      ),
    );
  });

  it("is broken where an edge is missing", () => {
    const band = { low: [1, NaN, 1, 1], high: [2, 2, 2, NaN] };
    const kept = decimateBand(rounds(4), band, { range: [1, 4], columns: 100 });
    expect(kept.x).toEqual([1, NaN, 3]);
  });
});

it("lowerBound is the first index that is not below", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 20 })),
      fc.integer({ min: -25, max: 25 }),
      (unsorted, value) => {
        const x = [...unsorted].sort((a, b) => a - b);
        const slow = x.findIndex((one) => one >= value);
        expect(lowerBound(x, value)).toBe(slow === -1 ? x.length : slow);
      },
    ),
  );
});

it("runsOf gives the stretches between gaps", () => {
  const runs = [...runsOf(Int32Array.from([gap, 1, 2, gap, gap, 5, gap]))];
  expect(runs.map((run) => [...run])).toEqual([[1, 2], [5]]);
});
