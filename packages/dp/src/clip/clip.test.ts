import { layoutOf, rngFromSeed } from "@fedtune/core";
import { expectClose, vectors } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { integerGrid } from "../noise/integer-grid.ts";
import { swappingBatch } from "../test-support/planted-errors.ts";
import { largestMove } from "../test-support/sensitivity.ts";
import type { Clipper } from "./clipper.ts";
import { clipFactor } from "./clipper.ts";
import { flatClip } from "./flat.ts";
import { integerClip } from "./integer.ts";
import { groupsByRole, perGroupClip } from "./per-group.ts";

const LENGTH = 11;
const groups = [
  {
    clipNorm: 3,
    ranges: [
      { start: 0, end: 2 },
      { start: 7, end: LENGTH },
    ],
  },
  { clipNorm: 0.5, ranges: [{ start: 2, end: 7 }] },
];
const grid = integerGrid({ clipNorm: 2, noiseMultiplier: 0.5, length: LENGTH, bits: 8 });

/** Fresh clippers, by name. */
const clippers: Readonly<Record<string, () => Clipper>> = {
  flat: () => flatClip({ clipNorm: 2 }),
  "per group": () => perGroupClip(groups, LENGTH),
  integer: () => integerClip(grid),
};

function normOf(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
}

function sumOf(clipper: Clipper, examples: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(LENGTH);
  for (const example of examples) clipper.addTo(sum, example);
  return sum;
}

describe.each(Object.entries(clippers))("%s", (_name, make) => {
  test("[DP12] no example moves the sum by more than the sensitivity", () => {
    fc.assert(
      fc.property(fc.array(vectors(LENGTH), { minLength: 1, maxLength: 5 }), (examples) => {
        const { sensitivity } = make();
        const move = largestMove(examples, (units) => sumOf(make(), units));
        expect(move).toBeLessThanOrEqual(sensitivity * (1 + 1e-12));
      }),
    );
  });

  test("[DP12] a batch that fills a gap with another example would be found", () => {
    const rng = rngFromSeed("swap");
    const examples = Array.from({ length: 5 }, () =>
      Float32Array.from({ length: LENGTH }, () => 100 * rng.normal()),
    );
    const { sensitivity } = make();
    const honest = largestMove(examples, (units) => sumOf(make(), units));
    const swapped = largestMove(examples, (units) => sumOf(make(), swappingBatch(units, 4)));
    expect(honest).toBeLessThanOrEqual(sensitivity * (1 + 1e-12));
    expect(swapped).toBeGreaterThan(sensitivity * 1.1);
  });

  test("[DP12] one bad value makes the whole example zero; it is counted and nothing is thrown", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const clipper = make();
      const example = new Float32Array(LENGTH).fill(1);
      example[LENGTH - 1] = bad;
      const sum = sumOf(clipper, [example]);
      expect(Array.from(sum)).toEqual(Array.from(new Float64Array(LENGTH)));
      expect(clipper.counts).toEqual({ examples: 1, clipped: 0, notFinite: 1 });
    }
  });

  test("[DP12] zero stays zero, the largest float32 is clipped, and inputs are left as they were", () => {
    const clipper = make();
    const huge = new Float32Array(LENGTH).fill(3.4e38);
    const sum = sumOf(clipper, [new Float32Array(LENGTH), huge]);
    expect(sum.every((value) => value > 0)).toBe(true);
    expect(huge.every((value) => value === Math.fround(3.4e38))).toBe(true);
    expect(clipper.counts).toEqual({ examples: 2, clipped: 1, notFinite: 0 });
  });

  test("lengths must agree", () => {
    expect(() => make().addTo(new Float64Array(LENGTH), new Float32Array(3))).toThrow(RangeError);
  });
});

test("flat clipping is the obvious slow one", () => {
  fc.assert(
    fc.property(
      vectors(LENGTH),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (example, clipNorm) => {
        const clipper = flatClip({ clipNorm });
        const sum = new Float64Array(LENGTH).fill(1);
        const norm = clipper.addTo(sum, example);
        const slowNorm = normOf(example);
        expect(norm).toBeCloseTo(slowNorm, 10);
        const factor = slowNorm === 0 ? 1 : Math.min(1, clipNorm / slowNorm);
        expectClose(
          sum,
          Array.from(example, (value) => 1 + factor * value),
          1e-12,
        );
      },
    ),
  );
});

test("groups are clipped each to its own norm", () => {
  fc.assert(
    fc.property(vectors(LENGTH), (example) => {
      const clipper = perGroupClip(groups, LENGTH);
      expect(clipper.sensitivity).toBe(Math.sqrt(9 + 0.25));
      const sum = new Float64Array(LENGTH);
      clipper.addTo(sum, example);
      for (const { clipNorm, ranges } of groups) {
        const [before, after] = [example, sum].map((values) =>
          ranges.flatMap(({ start, end }) => Array.from(values.subarray(start, end))),
        );
        const factor = normOf(before!) === 0 ? 1 : Math.min(1, clipNorm / normOf(before!));
        expectClose(
          after!,
          before!.map((value) => factor * value),
          1e-12,
        );
      }
    }),
  );
});

test("a group per role shares one clip norm out evenly", () => {
  const layout = layoutOf([
    { name: "a.down", module: "a", role: "down", shape: [2, 3] },
    { name: "a.up", module: "a", role: "up", shape: [3, 2] },
    { name: "b.down", module: "b", role: "down", shape: [1, 3] },
  ]);
  const byRole = groupsByRole(layout, ["down", "up", "head"], { clipNorm: 2 });
  expect(byRole.map(({ ranges }) => ranges)).toEqual([
    [
      { start: 0, end: 6 },
      { start: 12, end: 15 },
    ],
    [{ start: 6, end: 12 }],
  ]);
  expect(perGroupClip(byRole, layout.size).sensitivity).toBeCloseTo(2, 12);
});

test("groups with a gap, an overlap or another length, and clip norms that are none, are refused", () => {
  const range = (start: number, end: number) => ({ clipNorm: 1, ranges: [{ start, end }] });
  expect(() => perGroupClip([range(0, 4), range(5, 8)], 8)).toThrow(RangeError);
  expect(() => perGroupClip([range(0, 4), range(3, 8)], 8)).toThrow(RangeError);
  expect(() => perGroupClip([range(0, 4)], 8)).toThrow(RangeError);
  for (const clipNorm of [0, -1, Number.NaN, Infinity]) {
    expect(() => flatClip({ clipNorm })).toThrow(RangeError);
  }
});

test("the factor never divides by zero", () => {
  expect([0, 1, 2, 4, Number.NaN, Infinity].map((norm) => clipFactor(norm, 2))).toEqual([
    1, 1, 1, 0.5, 0, 0,
  ]);
});

describe("integer grid", () => {
  test("[DP12] rounded vectors never leave the declared ball, and noise covers it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }).chain((length) => vectors(length)),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: 0.3, max: 8, noNaN: true }),
        (example, clipNorm, noiseMultiplier) => {
          const own = integerGrid({ clipNorm, noiseMultiplier, length: example.length, bits: 8 });
          const sum = new Float64Array(example.length);
          integerClip(own).addTo(sum, example);
          expect(sum.every(Number.isInteger)).toBe(true);
          expect(normOf(sum)).toBeLessThanOrEqual(own.sensitivity);
          expect(own.standardDeviation / own.sensitivity).toBeGreaterThanOrEqual(noiseMultiplier);
        },
      ),
    );
  });

  test("the worst case for rounding comes close to the declared ball", () => {
    // Every value lands half a unit above an integer.
    const length = 4096;
    const own = integerGrid({ clipNorm: 1, noiseMultiplier: 1, length, bits: 10 });
    const sum = new Float64Array(length);
    integerClip(own).addTo(sum, new Float32Array(length).fill(15.5 * own.step));
    expect(normOf(sum)).toBe(1024);
    expect(own.sensitivity).toBe(1024 + 32 + 2);
  });

  test("rounding costs 0.08 % more noise for three million values", () => {
    const own = integerGrid({ clipNorm: 1, noiseMultiplier: 1, length: 3_000_000 });
    expect(own.standardDeviation / own.clipNorm).toBeLessThan(1.00084);
  });

  test("bits, noise and lengths out of range are refused", () => {
    const request = { clipNorm: 1, noiseMultiplier: 1, length: 10 };
    expect(() => integerGrid({ ...request, bits: 25 })).toThrow(RangeError);
    expect(() => integerGrid({ ...request, noiseMultiplier: 1000 })).toThrow(/fewer bits than 20/);
    expect(() => integerGrid({ ...request, clipNorm: 0 })).toThrow(RangeError);
    expect(() => integerGrid({ ...request, length: -1 })).toThrow(RangeError);
  });
});
