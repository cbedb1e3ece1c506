import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../text.ts";
import { arrivalFigure, type Arrival } from "./arrivals.ts";
import { barFigure, type BarChart } from "./bars.ts";
import type { RectShape, Scene, TextShape } from "./scene.ts";
import { sparkFigure } from "./spark.ts";
import { textWidth } from "./text-width.ts";

const textsOf = ({ shapes }: Scene): TextShape[] =>
  shapes.filter((shape): shape is TextShape => shape.type === "text");
const words = (scene: Scene): string[] =>
  textsOf(scene).map(({ text }) => plainText(text).replace("\u202F", " "));

/** Left and right edge of a text. */
function extentOf({ x, text, anchor }: TextShape): [number, number] {
  const width = textWidth(text, 12);
  const left = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
  return [left, left + width];
}

describe("bars", () => {
  const chart: BarChart = {
    title: "MB up",
    kind: "bytes",
    bars: [
      { label: "a", value: 2_000_000, colour: "s1" },
      { label: "b", value: 4_000_000, colour: "s2", low: 3_000_000, high: 5_000_000 },
      { label: "c", value: null, colour: "s3", note: "not reached in 40 rounds" },
      { label: "d", value: 1, colour: "s4" },
    ],
  };
  const bars = barFigure(chart, 400).shapes.filter(
    (shape): shape is RectShape => shape.type === "rect",
  );

  it("start at zero, so that lengths compare", () => {
    expect(bars[1]!.width / bars[0]!.width).toBeCloseTo(2, 1);
    expect(bars[0]!.x).toBe(bars[1]!.x);
  });

  it("of almost nothing are seen, of nothing are words", () => {
    expect(bars).toHaveLength(3);
    expect(bars[2]!.width).toBeGreaterThan(1);
    expect(words(barFigure(chart, 400))).toEqual(
      expect.arrayContaining(["not reached in 40 rounds", "–", "2.0 MB"]),
    );
  });

  it("as points need not start at zero, and carry their interval", () => {
    const points: BarChart = {
      ...{ title: "Accuracy", kind: "fraction", form: "points" },
      bars: [{ label: "a", value: 0.84, low: 0.82, high: 0.86, colour: "s1" }],
      rule: { value: 0.8, label: "target 80", colour: "ink-3" },
    };
    const figure = barFigure(points, 400);
    expect(words(figure)).toEqual(expect.arrayContaining(["84.0 %", "target 80"]));
    expect(words(figure)).not.toContain("0");
    expect(figure.shapes.filter((shape) => shape.type === "circle")).toHaveLength(1);
  });
});

describe("sparkline", () => {
  it("ends in a dot on its last value and keeps gaps", () => {
    const { shapes } = sparkFigure({ values: [1, 2, NaN, 3, 4], colour: "s1" });
    const [path, dot] = shapes;
    expect(path?.type === "path" && path.d.match(/M/g)).toHaveLength(2);
    expect(dot?.type === "circle" && [dot.cx, dot.cy]).toEqual([91, 4]);
  });

  it("of nothing is empty, of one value a dot", () => {
    expect(sparkFigure({ values: [], colour: "s1" }).shapes).toEqual([]);
    expect(sparkFigure({ values: [5], colour: "s1" }).shapes).toHaveLength(2);
  });
});

describe("arrivals", () => {
  const at = (atMs: number, outcome: Arrival["outcome"]): Arrival => ({ atMs, outcome });

  it("words never run into each other, whenever now and the quorum are", () => {
    const time = fc.integer({ min: 0, max: 400_000 });
    fc.assert(
      fc.property(
        time,
        fc.option(time),
        fc.constantFrom(300, 380, 700),
        (nowMs, quorumMs, width) => {
          const chart = {
            deadlineMs: 360_000,
            nowMs,
            quorumMs,
            arrivals: [at(30_000, "accepted")],
          };
          const texts = textsOf(arrivalFigure(chart, width));
          texts.forEach((text, i) => {
            const [left, right] = extentOf(text);
            expect(left).toBeGreaterThanOrEqual(-0.2);
            expect(right).toBeLessThanOrEqual(width + 0.2);
            for (const other of texts.slice(0, i)) {
              if (other.y !== text.y) continue;
              const [otherLeft, otherRight] = extentOf(other);
              expect(right <= otherLeft + 0.2 || otherRight <= left + 0.2).toBe(true);
            }
          });
        },
      ),
    );
  });

  it("are told apart without colour: full, ring, cross", () => {
    const arrivals = [
      at(1000, "accepted"),
      at(2000, "expected"),
      at(3000, "refused"),
      at(4000, "late"),
    ];
    const { shapes } = arrivalFigure(
      { deadlineMs: 9000, nowMs: null, quorumMs: null, arrivals },
      380,
    );
    const circles = shapes.filter((shape) => shape.type === "circle");
    expect(circles.map(({ fill }) => fill).sort()).toEqual(["ok", "surface", "surface", "surface"]);
    expect(
      shapes.filter((shape) => shape.type === "path" && shape.stroke?.colour === "bad"),
    ).toHaveLength(2);
  });

  it("of a crowd are a histogram that counts everybody", () => {
    const arrivals = Array.from({ length: 600 }, (_, i) =>
      at(i * 500, i % 3 === 0 ? "expected" : "accepted"),
    );
    const { shapes } = arrivalFigure(
      { deadlineMs: 360_000, nowMs: 200_000, quorumMs: null, arrivals },
      380,
    );
    expect(shapes.some((shape) => shape.type === "circle")).toBe(false);
    const bins = shapes.filter((shape) => shape.type === "rect").length - 2;
    expect(bins).toBeGreaterThan(60);
    expect(bins).toBeLessThanOrEqual(120);
  });
});
