import { vectors } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSparseToMean, addToMean, emptyMean, readMean, sumsOf } from "./weighted-mean.ts";

function meanOf(rows: readonly { readonly values: Float32Array; readonly weight: number }[]) {
  const mean = emptyMean(rows[0]?.values.length ?? 0);
  for (const { values, weight } of rows) addToMean(mean, values, weight);
  return readMean(mean);
}

/** Makes -0 zero: what a sparse vector leaves out has no sign. */
const withoutSign = (value: number): number => value + 0;

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

  it("has the same sums, bit for bit, however often they are read in between", () => {
    const cohort = fc.array(vectors(11), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(cohort, fc.nat(), (rows, reads) => {
        const mean = emptyMean(11);
        rows.forEach((values, k) => {
          addToMean(mean, values, k + 1);
          if ((reads >> k) % 2 === 1) sumsOf(mean);
        });
        const wanted = meanOf(rows.map((values, k) => ({ values, weight: k + 1 })));
        expect([...readMean(mean)]).toEqual([...wanted]);
      }),
    );
  });

  it("adds a sparse vector as the dense one that it stands for; of weight zero it is not read", () => {
    const rows = fc
      .integer({ min: 1, max: 12 })
      .chain((size) =>
        fc.tuple(fc.subarray([...Array(size).keys()]), vectors(size), vectors(size)),
      );
    fc.assert(
      fc.property(rows, ([positions, first, second]) => {
        const support = Uint32Array.from(positions);
        const dense = second.map((value, i) => (positions.includes(i) ? value : 0));
        const sparse = Float32Array.from(support, (at) => second[at]!);
        const [one, two] = [emptyMean(first.length), emptyMean(first.length)];
        addToMean(one, first, 2);
        addToMean(one, dense, 3);
        addToMean(two, first, 2);
        addSparseToMean(two, { support, values: sparse }, 3);
        addSparseToMean(two, { support, values: sparse.fill(Number.NaN) }, 0);
        expect([...readMean(two)].map(withoutSign)).toEqual([...readMean(one)].map(withoutSign));
        expect(two.count).toBe(one.count + 1);
      }),
    );
  });

  it("[AG8] refuses a sparse vector whose positions do not fit", () => {
    const mean = emptyMean(3);
    const add = (support: number[], size: number) => () => {
      addSparseToMean(
        mean,
        { support: Uint32Array.from(support), values: new Float32Array(size) },
        1,
      );
    };
    for (const wrong of [add([0, 1], 1), add([0], 2), add([0, 3], 2)]) {
      expect(wrong).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
    }
    expect(mean).toEqual(emptyMean(3));
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
