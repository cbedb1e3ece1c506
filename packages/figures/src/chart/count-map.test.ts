import { describe, expect, it } from "vitest";
import { plainText } from "../text.ts";
import { countFigure, countStep, mostOf, type CountMap } from "./count-map.ts";
import type { Scene, TextShape } from "./scene.ts";

const words = ({ shapes }: Scene): string[] =>
  shapes
    .filter((shape): shape is TextShape => shape.type === "text")
    .map(({ text }) => plainText(text));

const map: CountMap = {
  rows: [
    { label: "client-1", counts: [0, 12, 60] },
    { label: "client-2", counts: [7, 1, 0] },
  ],
  columns: ["alarm", "music", "news"],
  columnName: "label",
};

const crowd = (clients: number, labels: number): CountMap => ({
  rows: Array.from({ length: clients }, (_, i) => ({
    label: `client-${String(i)}`,
    counts: Array.from({ length: labels }, (_unused, j) => (i * j) % 7),
  })),
  columns: Array.from({ length: labels }, (_, j) => `a rather long label ${String(j)}`),
  columnName: "label",
});

describe("count map", () => {
  it("keeps the palest step for nothing and the darkest for the most", () => {
    expect([0, 1, 10, 11, 59, 60].map((count) => countStep(count, 60))).toEqual([0, 1, 2, 2, 6, 6]);
    expect(countStep(3, 0)).toBe(0);
  });

  it("has the counts, their sums and all names where there is room", () => {
    const said = words(countFigure(map, 600));
    expect(said).toEqual(
      expect.arrayContaining(["client-1", "alarm", "12", "60", "72", "7", "1", "8", "all"]),
    );
  });

  it("shares a scale where it is given one", () => {
    const steps = (most: number) =>
      countFigure({ ...map, most }, 600).shapes.filter(
        (shape) => shape.type === "path" && shape.fill === "q6",
      );
    expect(steps(mostOf([map]))).toHaveLength(1);
    expect(steps(6000)).toHaveLength(0);
  });

  it("of many clients or labels leaves out numbers and names, not cells", () => {
    const scene = countFigure(crowd(200, 77), 760);
    expect(words(scene)).not.toContain("client-3");
    expect(words(scene)).toContain("label 1");
    expect(scene.height).toBeLessThan(500);
    const paths = scene.shapes.filter((shape) => shape.type === "path");
    const cells = paths.reduce((sum, { d }) => sum + (d.match(/M/g)?.length ?? 0), 0);
    expect(cells).toBe(200 * 77);
  });

  it("of nobody draws nothing but its words", () => {
    expect(() => countFigure({ ...map, rows: [], columns: [] }, 300)).not.toThrow();
  });
});
