import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextSort, sortRows, windowOf, type Column } from "./table-model.ts";

interface Row {
  readonly name: string;
  readonly value: number | null;
}

const columns: readonly Column<Row>[] = [
  { id: "name", header: "Name", cell: ({ name }) => name, sortValue: ({ name }) => name },
  { id: "value", header: "Value", cell: ({ value }) => value, sortValue: ({ value }) => value },
  { id: "note", header: "Note", cell: () => "" },
];
const rows: readonly Row[] = [
  { name: "run-10", value: null },
  { name: "run-9", value: 2 },
  { name: "run-1", value: 2 },
  { name: "run-2", value: -1 },
];
const names = (sorted: readonly Row[]): string[] => sorted.map(({ name }) => name);

describe("sorting", () => {
  it("puts numbers in names in their order", () => {
    const sort = { column: "name", isDescending: false };
    expect(names(sortRows(rows, columns, sort))).toEqual(["run-1", "run-2", "run-9", "run-10"]);
  });

  it("keeps the order of equal rows, and what has no value last in either direction", () => {
    const up = sortRows(rows, columns, { column: "value", isDescending: false });
    const down = sortRows(rows, columns, { column: "value", isDescending: true });
    expect(names(up)).toEqual(["run-2", "run-9", "run-1", "run-10"]);
    expect(names(down)).toEqual(["run-9", "run-1", "run-2", "run-10"]);
  });

  it("leaves rows as they come without an order, or with one that no column has", () => {
    expect(sortRows(rows, columns, null)).toBe(rows);
    expect(sortRows(rows, columns, { column: "note", isDescending: true })).toBe(rows);
  });

  it("goes up first, then down", () => {
    const first = nextSort(null, "value");
    expect(first).toEqual({ column: "value", isDescending: false });
    expect(nextSort(first, "value").isDescending).toBe(true);
    expect(nextSort(nextSort(first, "value"), "value").isDescending).toBe(false);
    expect(nextSort(first, "name").isDescending).toBe(false);
  });
});

it("every row that is seen is drawn, and never many more", () => {
  const view = fc.record({
    scrollTop: fc.integer({ min: -100, max: 400_000 }),
    height: fc.integer({ min: 36, max: 1200 }),
    rowHeight: fc.constantFrom(36, 44, 64),
    count: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(view, (given) => {
      const { start, end } = windowOf(given);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(given.count);
      expect(end - start).toBeLessThanOrEqual(Math.ceil(given.height / given.rowHeight) + 24);
      const first = Math.max(0, Math.floor(given.scrollTop / given.rowHeight));
      const last = Math.min(
        given.count - 1,
        Math.floor((given.scrollTop + given.height - 1) / given.rowHeight),
      );
      for (let row = first; row <= last; row++) {
        expect(row).toBeGreaterThanOrEqual(start);
        expect(row).toBeLessThan(end);
      }
    }),
  );
});
