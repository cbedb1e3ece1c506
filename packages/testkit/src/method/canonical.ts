/** The one form of a factored product: singular directions by size, signs by the largest entry. */
import { factorView } from "@fedtune/core";
import type { Layout } from "@fedtune/core";
import { expect } from "vitest";

/**
 * Fails unless every module's pair is canonical: in each row of `down` `[r, in]` the entry of largest magnitude is
 * positive, and the lengths of `up`'s columns `[out, r]` times those rows' lengths fall.
 */
export function expectCanonicalPair(layout: Layout, values: Float32Array): void {
  for (const down of layout.factors.filter(({ role }) => role === "down")) {
    const [rank = 0, width = 0] = down.shape;
    const rows = Array.from({ length: rank }, (_, i) => {
      const data = factorView(values, down);
      return data.subarray(i * width, (i + 1) * width);
    });
    for (const row of rows) {
      const largest = row.reduce(
        (most, next) => (Math.abs(next) > Math.abs(most) ? next : most),
        0,
      );
      expect(largest, `sign of a row of ${down.name}`).toBeGreaterThanOrEqual(0);
    }
    const up = layout.factors.find(({ role, module }) => role === "up" && module === down.module);
    if (up === undefined) continue;
    const data = factorView(values, up);
    const lengths = rows.map(
      (row, i) => lengthOf(row) * lengthOf(data.filter((_, j) => j % rank === i)),
    );
    const slack = 1e-6 * (1 + Math.max(...lengths));
    for (const [i, length] of lengths.slice(1).entries()) {
      expect(length, `order of directions in ${down.module}`).toBeLessThanOrEqual(
        lengths[i]! + slack,
      );
    }
  }
}

function lengthOf(values: Float32Array): number {
  return Math.hypot(...values);
}
