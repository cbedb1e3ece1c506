import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../text.ts";
import { intervalFigure, type IntervalChart, type IntervalRow } from "./intervals.ts";
import type { CircleShape, Scene, TextShape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

const row = (
  label: string,
  value: number | null,
  rest: Partial<IntervalRow> = {},
): IntervalRow => ({
  ...{ label, colour: "s1", value, text: String(value) },
  ...rest,
});

const chart: IntervalChart = {
  kind: "fraction",
  form: "points",
  groups: [
    {
      label: "epsilon 3",
      rows: [
        row("fedavg", 0.7, { low: 0.68, high: 0.72, single: [0.69, 0.71] }),
        row("ffa-lora", 0.8, { isBest: true }),
        row("broken", null, { note: "2 cells failed" }),
      ],
    },
    { label: "epsilon 6", rows: [row("fedavg", 0.75)] },
  ],
};

const textsOf = ({ shapes }: Scene): TextShape[] => shapes.filter((shape) => shape.type === "text");
const words = (scene: Scene): string[] => textsOf(scene).map(({ text }) => plainText(text));
const circles = ({ shapes }: Scene): CircleShape[] =>
  shapes.filter((shape) => shape.type === "circle");

describe("interval figure", () => {
  it("has one axis for all groups: equal values stand at the same place, larger ones further right", () => {
    const [low, high, other] = circles(intervalFigure(chart, 700));
    expect(low!.cx).toBeLessThan(other!.cx);
    expect(other!.cx).toBeLessThan(high!.cx);
    expect((other!.cx - low!.cx) / (high!.cx - low!.cx)).toBeCloseTo(0.5, 2);
  });

  it("says why a value is missing, and names all groups", () => {
    expect(words(intervalFigure(chart, 700))).toEqual(
      expect.arrayContaining(["2 cells failed", "\u2013", "epsilon 3", "epsilon 6"]),
    );
  });

  it("sets the best one bold, name and value", () => {
    const bold = textsOf(intervalFigure(chart, 700)).filter(({ weight }) => weight === 600);
    expect(bold.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["epsilon 3", "epsilon 6", "ffa-lora", "0.8"]),
    );
    expect(bold).toHaveLength(4);
  });

  it("as bars starts at zero, so that lengths compare", () => {
    const scene = intervalFigure({ ...chart, form: "bars" }, 700);
    const bars = scene.shapes.filter((shape) => shape.type === "rect");
    expect(new Set(bars.map(({ x }) => x)).size).toBe(1);
    expect(bars[1]!.width / bars[0]!.width).toBeCloseTo(0.8 / 0.7, 2);
  });

  it("has at least two ticks and keeps all words inside, on phones as well", () => {
    const label = fc.constantFrom("a", "fedsa-lora", "a name that is quite long, with words");
    const value = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 280, max: 900 }), label, value, (width, name, at) => {
        const groups = [{ label: name, rows: [row(name, at), row("b", at / 2)] }];
        const scene = intervalFigure({ ...chart, groups }, width);
        for (const { x, text, anchor, size = 12 } of textsOf(scene)) {
          const own = textWidth(text, size);
          const left = anchor === "end" ? x - own : anchor === "middle" ? x - own / 2 : x;
          expect(left).toBeGreaterThanOrEqual(-1);
          expect(left + own).toBeLessThanOrEqual(width + 1);
        }
        const floor = Math.max(...textsOf(scene).map(({ y }) => y));
        const ticks = textsOf(scene).filter(({ y }) => y === floor);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});
