import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleLayers } from "../test-support/sample-run.ts";
import { plainText } from "../text.ts";
import { binned, heatEdges, heatFigure, heatStep } from "./heat.ts";
import { heatCsv, heatSentence, heatSummaries } from "./heat-table.ts";
import type { TextShape } from "./scene.ts";

const texts = (chart = sampleLayers(), width = 600): TextShape[] =>
  heatFigure(chart, width).shapes.filter((shape): shape is TextShape => shape.type === "text");

describe("heat map", () => {
  it("has seven steps of equal ratio from the least to the greatest value", () => {
    const edges = heatEdges([{ label: "a", values: [1, 128, NaN, 0] }])!;
    edges.forEach((edge, i) => expect(edge).toBeCloseTo(2 ** i, 9));
    expect([0, 1, 1.9, 2.1, 63, 65, 128].map((value) => heatStep(value, edges))).toEqual([
      0, 0, 0, 1, 5, 6, 6,
    ]);
    expect(heatEdges([{ label: "a", values: [NaN, 0] }])).toBeNull();
  });

  it("bins show their greatest value", () => {
    expect([...binned([1, 5, 2, NaN, NaN, 7], 2)]).toEqual([5, 2, 7]);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (values, per) => {
          const bins = binned(values, per);
          expect(Math.max(...bins)).toBe(Math.max(...values));
          expect(bins.length).toBe(Math.ceil(values.length / per));
        },
      ),
    );
  });

  it("a thousand rounds are columns wide enough to see, in at most seven paths", () => {
    const figure = heatFigure(sampleLayers(1000), 600);
    expect(figure.perColumn).toBeGreaterThan(1);
    expect(figure.cells.width / Math.ceil(1000 / figure.perColumn)).toBeGreaterThanOrEqual(3);
    expect(figure.shapes.filter((shape) => shape.type === "path").length).toBeLessThanOrEqual(7);
  });

  it("the row with the largest last value is bold", () => {
    const bold = texts().filter(({ weight }) => weight === 600);
    expect(bold).toHaveLength(1);
    const worst = heatSummaries(sampleLayers()).toSorted((a, b) => b.now - a.now)[0]!;
    expect(plainText(bold[0]!.text)).toBe((worst.now * 1000).toFixed(2));
  });

  it("draws no cell before there is a value", () => {
    const chart = sampleLayers();
    const none = { ...chart, rows: chart.rows.map((row) => ({ ...row, values: [] })) };
    expect(heatFigure(none, 600).shapes.every((shape) => shape.type === "text")).toBe(true);
    expect(heatSentence(none)).toMatch(/No value yet\.$/);
  });

  it("says in words which layers are farthest off", () => {
    expect(heatSentence(sampleLayers())).toMatch(
      /^Aggregation error by layer, .* Now largest 4 value \d/,
    );
  });

  it("gives all values as CSV", () => {
    const lines = heatCsv(sampleLayers()).split("\n");
    expect(lines[1]!.split(",")).toHaveLength(13);
    expect(lines.slice(2, -1)).toHaveLength(27);
    expect(Number(lines[2]!.split(",")[1])).toBe(sampleLayers().rows[0]!.values[0]);
  });
});
