import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFromSeed } from "../rng.ts";
import { kaimingDown, kaimingProjection, normalValues, portableLog } from "./first-values.ts";

describe("first values", () => {
  it("[AD1] the logarithm of its own agrees with Math.log to a few units in the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1, noNaN: true, maxExcluded: true }), (x) => {
        const wanted = Math.log(x);
        const error = Math.abs(portableLog(x) - wanted);
        expect(error).toBeLessThanOrEqual(4 * Number.EPSILON * Math.max(Math.abs(wanted), 1e-3));
      }),
    );
  });

  it("[AD1] normal values pass the Kolmogorov-Smirnov test and have no outliers cut", () => {
    const count = 40_001;
    const values = normalValues(count, 0.5, rngFromSeed(1)).sort();
    let distance = 0;
    for (const [i, value] of values.entries()) {
      const below = normalBelow(value / 0.5);
      distance = Math.max(distance, Math.abs(below - i / count), Math.abs(below - (i + 1) / count));
    }
    // 1.95 is exceeded once in a thousand seeds.
    expect(distance * Math.sqrt(count)).toBeLessThan(1.95);
    expect(values.at(-1)! / 0.5).toBeGreaterThan(3.5);
    expect(values[0]! / 0.5).toBeLessThan(-3.5);
  });

  it("[AD1] are drawn for matrices only", () => {
    expect(() => kaimingDown([3], rngFromSeed(1))).toThrow(RangeError);
    expect(() => kaimingProjection([], rngFromSeed(1))).toThrow(RangeError);
  });
});

/** The normal distribution function by its series (Marsaglia 2004); good to 1e-12 where |x| < 6. */
function normalBelow(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) sum += term *= (x * x) / n;
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
