import { describe, expect, it } from "vitest";
import { expectClose, expectSameBits, relativeDistance } from "./compare.ts";

describe("comparing vectors", () => {
  it("tells -0 from 0 and knows NaN as itself, bit for bit", () => {
    const compare = (a: number, b: number) => () => {
      expectSameBits(Float32Array.of(1, a), Float32Array.of(1, b));
    };
    expect(compare(Number.NaN, Number.NaN)).not.toThrow();
    expect(compare(0, -0)).toThrow("values differ");
    expect(compare(1, 1 + 2 ** -23)).toThrow("values differ");
  });

  it("measures against one plus the largest magnitude, and takes NaN for infinitely far", () => {
    expect(relativeDistance([1, 3], [1, 4])).toBe(0.2);
    expect(relativeDistance([], [])).toBe(0);
    expect(relativeDistance([Number.NaN], [0])).toBe(Infinity);
  });

  it("refuses another length and what is beyond the tolerance", () => {
    expect(() => {
      expectClose([1], [1, 2], 1);
    }).toThrow();
    expect(() => {
      expectClose([1], [1.1], 0.01);
    }).toThrow();
    expectClose([1], [1.1], 0.05);
  });
});
