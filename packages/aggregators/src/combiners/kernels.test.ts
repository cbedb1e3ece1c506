import { rngFromSeed } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { overColumns } from "./columns.ts";
import { squaredDistances } from "./distances.ts";

function rowsOf(count: number, length: number): Float32Array[] {
  const rng = rngFromSeed(`${String(count)} x ${String(length)}`);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length }, () => Math.round(rng.normal() * 4) / 4 + 0),
  );
}

describe("statistics of coordinates", () => {
  it.each([
    [1, 1],
    [3, 255],
    [4, 256],
    [2, 257],
    [5, 1000],
  ])("of %d rows of %d values are those of every coordinate by itself", (count, length) => {
    const rows = rowsOf(count, length);
    const seen: number[][] = [];
    const last = overColumns(rows, length, (ascending) => {
      seen.push([...ascending]);
      return ascending.at(-1)!;
    });
    const wanted = Array.from({ length }, (_, i) =>
      rows.map((row) => row[i]!).sort((a, b) => a - b),
    );
    expect(seen).toEqual(wanted);
    expect([...last]).toEqual(wanted.map((column) => column.at(-1)!));
  });

  it("leave the rows as they were", () => {
    const rows = rowsOf(4, 300);
    const before = structuredClone(rows);
    overColumns(rows, 300, ([first]) => first!);
    expect(rows).toEqual(before);
  });
});

describe("squared distances", () => {
  it.each([
    [1, 5],
    [3, 4095],
    [4, 4097],
    [3, 9001],
  ])("of %d rows of %d values are sums of squared differences", (count, length) => {
    const rows = rowsOf(count, length);
    const distances = squaredDistances(rows);
    for (const [i, a] of rows.entries()) {
      for (const [j, b] of rows.entries()) {
        const slow = a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0);
        // Quarters: every sum is exact.
        expect(distances[i * count + j]).toBe(slow);
      }
    }
  });

  it("keep the digits where updates are alike: |x|^2 + |y|^2 - 2xy in float32 has none of them", () => {
    const one = new Float32Array(64).fill(1000);
    const other = one.slice();
    other[10] = Math.fround(1000.001);
    const difference = other[10] - 1000;
    expect(squaredDistances([one, other])[1]).toBe(difference ** 2);
  });
});
