/** Comparing vectors: bit for bit, or within a stated tolerance. */
import { expect } from "vitest";

/** Fails unless two float32 vectors are equal bit for bit; unlike a comparison of numbers it tells -0 from 0. */
export function expectSameBits(
  actual: Float32Array,
  expected: Float32Array,
  what = "values",
): void {
  expect(hexOf(actual), `${what} differ in some bit`).toEqual(hexOf(expected));
}

/** Fails unless every entry differs by at most `tolerance` times one plus the largest magnitude expected. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  expect(relativeDistance(actual, expected)).toBeLessThanOrEqual(tolerance);
}

/** Largest difference of two vectors over one plus the largest magnitude of the second; NaN counts as infinite. */
export function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let size = 1;
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    size = Math.max(size, 1 + Math.abs(expected[i]!));
    most = Math.max(most, Number.isNaN(difference) ? Infinity : difference);
  }
  return most / size;
}

function hexOf(values: Float32Array): string[] {
  const words = new Uint32Array(values.slice().buffer);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0"));
}
