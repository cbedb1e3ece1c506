import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeLabels, type WantedLabel } from "./labels.ts";

const label = fc.record({
  x: fc.integer({ min: 0, max: 300 }),
  width: fc.integer({ min: 20, max: 140 }),
  y: fc.double({ min: -50, max: 250, noNaN: true }),
  height: fc.constantFrom(17, 34),
});

const overlaps = (a: WantedLabel, b: WantedLabel): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width;

describe("labels at the ends of lines", () => {
  it("never touch: 17 px for a line of text", () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 12 }), (labels) => {
        const middles = placeLabels(labels, 0, 200);
        labels.forEach((one, i) => {
          labels.slice(0, i).forEach((other, j) => {
            if (!overlaps(one, other)) return;
            const distance = Math.abs(middles[i]! - middles[j]!);
            expect(distance).toBeGreaterThanOrEqual((one.height + other.height) / 2 - 1e-9);
          });
        });
      }),
    );
  });

  it("stay inside while there is room for all", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const middles = placeLabels(labels, 0, 200);
        labels.forEach(({ height }, i) => {
          expect(middles[i]!).toBeGreaterThanOrEqual(height / 2 - 1e-9);
          expect(middles[i]!).toBeLessThanOrEqual(200 - height / 2 + 1e-9);
        });
      }),
    );
  });

  it("stay where they are when none is in the way, whatever their order", () => {
    const at = (y: number): WantedLabel => ({ x: 0, width: 50, y, height: 17 });
    expect(placeLabels([at(150), at(20), at(80)], 0, 200)).toEqual([150, 20, 80]);
  });

  it("give way by equal parts", () => {
    const at = (y: number): WantedLabel => ({ x: 0, width: 50, y, height: 17 });
    expect(placeLabels([at(100), at(101)], 0, 200)).toEqual([92, 109]);
    expect(placeLabels([at(100), at(100), at(100)], 0, 200)).toEqual([83, 100, 117]);
  });

  it("move no more than any other order of the same lines would need", () => {
    // Brute force over shifts of one px, for three labels that overlap.
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 40, max: 160 }), { minLength: 3, maxLength: 3 }),
        (ys) => {
          const sorted = [...ys].sort((a, b) => a - b);
          const labels = sorted.map((y) => ({ x: 0, width: 50, y, height: 17 }));
          const cost = (middles: readonly number[]): number =>
            middles.reduce((sum, middle, i) => sum + (middle - sorted[i]!) ** 2, 0);
          const own = cost(placeLabels(labels, -1000, 1000));
          for (let a = -30; a <= 30; a++) {
            for (let b = -30; b <= 30; b++) {
              for (const c of [-20, -10, 0, 10, 20]) {
                const [p, q, r] = [sorted[0]! + a, sorted[1]! + b, sorted[2]! + c];
                if (q - p >= 17 && r - q >= 17)
                  expect(own).toBeLessThanOrEqual(cost([p, q, r]) + 1e-9);
              }
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("run out below when there are too many, and none is left out", () => {
    const labels = Array.from({ length: 20 }, () => ({ x: 0, width: 50, y: 100, height: 17 }));
    const middles = placeLabels(labels, 0, 200);
    expect(Math.min(...middles)).toBe(8.5);
    expect(Math.max(...middles)).toBe(8.5 + 19 * 17);
  });
});
