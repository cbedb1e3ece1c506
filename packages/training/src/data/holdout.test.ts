import { utf8 } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../files.ts";
import { openDataStore } from "./dataset.ts";
import { drawOf, partOf } from "./holdout.ts";
import { fileData } from "./reference.ts";

const rowsOf = (labels: readonly string[]) =>
  labels.map((label, index) => ({ label, draw: drawOf(`text ${index}`, null), index }));
const anyRows = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 2, maxLength: 80 })
  .map(rowsOf);
const anyFraction = fc.double({ min: 0.01, max: 0.9, noNaN: true });
const count = (rows: readonly { label: string }[], label: string): number =>
  rows.filter((row) => row.label === label).length;

describe("a holdout", () => {
  test("[DA4] has two parts that add up to the rows, in their order, neither of them empty", () => {
    fc.assert(
      fc.property(anyRows, anyFraction, (rows, fraction) => {
        const train = partOf(rows, { fraction, part: "train" });
        const held = partOf(rows, { fraction, part: "held-out" });
        expect([...train, ...held].sort((a, b) => a.index - b.index)).toEqual(rows);
        expect(train).toEqual([...train].sort((a, b) => a.index - b.index));
        const wanted = Math.min(rows.length - 1, Math.max(1, Math.round(fraction * rows.length)));
        expect(held).toHaveLength(wanted);
      }),
    );
  });

  test("[DA4] keeps the proportions of the labels, to less than one row each", () => {
    fc.assert(
      fc.property(anyRows, anyFraction, (rows, fraction) => {
        const held = partOf(rows, { fraction, part: "held-out" });
        for (const label of ["a", "b", "c"]) {
          const exact = (count(rows, label) * held.length) / rows.length;
          expect(Math.abs(count(held, label) - exact)).toBeLessThan(1);
        }
      }),
    );
  });

  test("[DA4] depends on the texts alone: not on their order, and hardly on which others there are", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const part = { fraction: 0.3, part: "held-out" } as const;
        const ids = (some: typeof rows) => new Set(partOf(some, part).map(({ index }) => index));
        expect(ids([...rows].reverse())).toEqual(ids(rows));
      }),
    );
    const rows = rowsOf(Array.from({ length: 1000 }, (_, k) => (k % 3 === 0 ? "a" : "b")));
    const part = { fraction: 0.2, part: "held-out" } as const;
    const before = new Set(partOf(rows.slice(0, 900), part).map(({ index }) => index));
    const after = partOf(rows, part).filter(({ index }) => index < 900);
    const moved = after.filter(({ index }) => !before.has(index)).length;
    expect(moved).toBeLessThan(30);
  });

  test("[DA4] draws are uniform", () => {
    const draws = Array.from({ length: 4000 }, (_, k) =>
      drawOf(`row ${k}`, k % 2 === 0 ? null : "x"),
    );
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    // Four standard errors of a uniform mean, 1 / sqrt(12 n).
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 4000));
    const tenths = Array.from({ length: 10 }, (_, k) =>
      draws.filter((d) => Math.floor(d * 10) === k),
    );
    const chiSquare = tenths.reduce((sum, { length }) => sum + (length - 400) ** 2 / 400, 0);
    // The 0.999 quantile of chi-square with 9 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.88);
    expect(drawOf("a", "b")).not.toBe(drawOf("ab", null));
  });

  test("[DA4] is read through a data reference, within the rows that it names", async () => {
    const lines = Array.from(
      { length: 40 },
      (_, k) => `${"x".repeat(k + 1)},${k % 4 ? "b" : "a"}\n`,
    );
    const files = memoryFiles({ "d.csv": utf8(`text,label\n${lines.join("")}`) });
    const letters = {
      vocabularySize: 2,
      encode: (text: string) => ({
        ids: new Int32Array(text.length),
        types: new Int32Array(text.length),
      }),
    };
    const store = openDataStore(files, letters);
    const load = async (part: "train" | "held-out" | null, rows: number[] | null) => {
      const holdout = part === null ? null : { fraction: 0.25, part };
      const ref = fileData({ kind: "file", path: "d.csv", rows, holdout });
      const found = await store.load(ref, {
        kind: "sequence-classification",
        labels: ["a", "b"],
        endId: null,
        maxLength: 99,
      });
      return found.map(({ ids, label }) => [ids.length, label]);
    };
    const mine = Array.from({ length: 20 }, (_, k) => 2 * k);
    const [all, train, held] = [
      await load(null, mine),
      await load("train", mine),
      await load("held-out", mine),
    ];
    expect(held).toHaveLength(5);
    expect([...train, ...held].sort(([a = 0], [b = 0]) => a - b)).toEqual(all);
    const labels = held.map(([, label]) => label);
    expect(labels.filter((label) => label === 0).length).toBeOneOf([2, 3]);
    expect(await load("train", [3])).toHaveLength(1);
    const nothing = /1 rows for this client, expected at least 2/;
    await expect(load("held-out", [3])).rejects.toThrow(nothing);
  });
});
