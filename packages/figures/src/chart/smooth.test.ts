import fc from "fast-check";
import { expect, it } from "vitest";
import { smoothed } from "./smooth.ts";

/** The definition, term by term. */
function slow(x: readonly number[], y: readonly number[], halfLife: number): number[] {
  return y.map((value, i) => {
    if (!Number.isFinite(value)) return value;
    let [sum, weight] = [0, 0];
    for (let j = 0; j <= i; j++) {
      if (!Number.isFinite(y[j]!)) continue;
      const w = 2 ** (-(x[i]! - x[j]!) / halfLife);
      sum += w * y[j]!;
      weight += w;
    }
    return sum / weight;
  });
}

it("is the weighted mean of its definition, over uneven distances and gaps", () => {
  const point = fc.tuple(
    fc.double({ min: 0.1, max: 20, noNaN: true }),
    fc.oneof(fc.double({ min: -9, max: 9, noNaN: true }), fc.constant(NaN)),
  );
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 40 }),
      fc.double({ min: 0.5, max: 30, noNaN: true }),
      (points, halfLife) => {
        let at = 0;
        const x = points.map(([step]) => (at += step));
        const y = points.map(([, value]) => value);
        const fast = smoothed(x, y, halfLife);
        slow(x, y, halfLife).forEach((value, i) => {
          if (Number.isNaN(value)) expect(fast[i]).toBeNaN();
          else expect(fast[i]).toBeCloseTo(value, 9);
        });
      },
    ),
  );
});

it("leaves what does not change, and halves the weight of what is a half-life away", () => {
  for (const value of smoothed([1, 2, 5], [3, 3, 3], 2)) expect(value).toBeCloseTo(3, 12);
  // Weights 1 and 1/2 after one half-life: (4 + 1 · ½) ÷ 1½.
  expect(smoothed([0, 2], [1, 4], 2)[1]).toBeCloseTo(3, 12);
});
