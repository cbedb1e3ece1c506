import { vectors } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToMean, emptyMean, readMean } from "./weighted-mean.ts";

function meanOf(rows: readonly { readonly values: Float32Array; readonly weight: number }[]) {
  const mean = emptyMean(rows[0]?.values.length ?? 0);
  for (const { values, weight } of rows) addToMean(mean, values, weight);
  return readMean(mean);
}

describe("weighted mean", () => {
  it("equals the obvious sum for any length, also one that eight does not divide", () => {
    const cohort = fc.integer({ min: 0, max: 19 }).chain((size) =>
      fc.array(
        fc.record({
          values: vectors(size),
          weight: fc.double({ min: 0.1, max: 100, noNaN: true }),
        }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
    );
    fc.assert(
      fc.property(cohort, (rows) => {
        const total = rows.reduce((sum, { weight }) => sum + weight, 0);
        const obvious = [...(rows[0]?.values ?? [])].map((_, i) =>
          rows.reduce((sum, { values, weight }) => sum + weight * values[i]!, 0),
        );
        expect([...meanOf(rows)]).toEqual(obvious.map((sum) => sum / total));
      }),
    );
  });

  it("sums in float64: a thousand small values beside a large one are not lost", () => {
    const mean = emptyMean(1);
    addToMean(mean, Float32Array.of(2 ** 24), 1);
    for (let i = 0; i < 1000; i++) addToMean(mean, Float32Array.of(1), 1);
    expect(readMean(mean)[0]).toBe((2 ** 24 + 1000) / 1001);
  });

  it("[AG6] never reads a vector of weight zero", () => {
    const mean = emptyMean(2);
    addToMean(mean, Float32Array.of(1, 2), 3);
    addToMean(mean, Float32Array.of(Number.NaN, Infinity), 0);
    expect([...readMean(mean)]).toEqual([1, 2]);
  });

  it("[AG7] tells no updates from no weight", () => {
    const mean = emptyMean(1);
    expect(() => readMean(mean)).toThrow(expect.objectContaining({ code: "no-updates" }));
    addToMean(mean, Float32Array.of(1), 0);
    expect(() => readMean(mean)).toThrow(expect.objectContaining({ code: "zero-weight" }));
  });

  it("[AG8] refuses another length", () => {
    const refused = { code: "shape-mismatch", data: { size: 3, expected: 2 } };
    expect(() => {
      addToMean(emptyMean(2), new Float32Array(3), 1);
    }).toThrow(expect.objectContaining(refused));
  });

  it.each([-1, Number.NaN, Infinity])("refuses weight %s", (weight) => {
    expect(() => {
      addToMean(emptyMean(1), Float32Array.of(1), weight);
    }).toThrow(RangeError);
  });
});
