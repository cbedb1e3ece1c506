import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apportion, blocks } from "./apportion.ts";

describe("apportionment by largest remainder", () => {
  it("[DA4] sums to the total and is never a whole row off the quota", () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.nat(10_000), shares, (total, parts) => {
        const counts = apportion(total, parts);
        expect(counts.reduce((a, b) => a + b, 0)).toBe(total);
        const sum = parts.reduce((a, b) => a + b, 0);
        if (sum < 1e-300) return;
        counts.forEach((count, i) => {
          expect(Math.abs(count - (total * parts[i]!) / sum)).toBeLessThan(1 + 1e-9);
        });
      }),
    );
  });

  it("[DA4] gives what is left to the largest remainder, the lower index first", () => {
    expect(apportion(10, [0.46, 0.34, 0.2])).toEqual([5, 3, 2]);
    expect(apportion(5, [1, 1, 1])).toEqual([2, 2, 1]);
    expect(apportion(4, [0, 0])).toEqual([2, 2]);
  });

  it("[DA4] blocks are consecutive", () => {
    expect(blocks([1, 2, 3, 4], [1, 0, 3])).toEqual([[1], [], [2, 3, 4]]);
  });
});
