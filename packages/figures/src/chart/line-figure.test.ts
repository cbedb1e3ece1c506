import { describe, expect, it } from "vitest";
import { seriesStyle } from "../palette.ts";
import {
  sampleAccuracy,
  sampleCompare,
  sampleLoss,
  samplePrivacy,
} from "../test-support/sample-run.ts";
import { plainText } from "../text.ts";
import { lineFigure } from "./line-figure.ts";
import { layoutLines } from "./line-layout.ts";
import type { LineChart, Numbers } from "./model.ts";
import type { PathShape, Shape, TextShape } from "./scene.ts";

const size = { width: 640, height: 210 };

function* flat(shapes: readonly Shape[]): Generator<Shape> {
  for (const shape of shapes) {
    if (shape.type === "clip" || shape.type === "group") yield* flat(shape.shapes);
    else yield shape;
  }
}

const lineOf = (y: Numbers, more: Partial<LineChart> = {}): LineChart => ({
  title: "Line",
  x: { kind: "round", name: "round" },
  y: { kind: "number", name: "value" },
  series: [{ id: "a", label: "a", x: Array.from(y, (_, i) => i + 1), y, style: seriesStyle(0) }],
  foot: "",
  ...more,
});
const shapesOf = (chart: LineChart, view = size): Shape[] => [
  ...flat(lineFigure(chart, view).shapes),
];
const inColour = (shapes: readonly Shape[], colour: string): PathShape[] =>
  shapes.flatMap((shape) =>
    shape.type === "path" && shape.stroke?.colour === colour ? [shape] : [],
  );
const textsOf = (shapes: readonly Shape[]): string[] =>
  shapes.flatMap((shape) => (shape.type === "text" ? [plainText(shape.text)] : []));

describe("gaps", () => {
  it("nothing is joined across a gap, and a lone value is a dot", () => {
    const shapes = shapesOf(lineOf([1, 2, NaN, 4, NaN, 6, 7]));
    const [path] = inColour(shapes, "s1");
    expect(path!.d.match(/M/g)).toHaveLength(3);
    expect(path!.d.match(/L/g)).toHaveLength(2);
    expect(shapes.filter((shape) => shape.type === "circle")).toHaveLength(1);
  });

  it("values that are not finite are crosses on the upper edge", () => {
    const figure = lineFigure(lineOf([1, Infinity, 3]), size);
    const [, cross] = inColour([...flat(figure.shapes)], "s1");
    const [, x, y] = /^M([\d.]+),([\d.]+)/.exec(cross!.d) ?? [];
    expect(Number(x)).toBeCloseTo(figure.x.toPx(2) - 3, 1);
    expect(Number(y)).toBeCloseTo(figure.plot.y - 3, 1);
  });

  it("a log axis leaves out what it cannot show", () => {
    const log = lineOf([1, 0, 10, -5, 100], { y: { kind: "number", name: "v", scale: "log" } });
    const [path] = inColour(shapesOf(log), "s1");
    expect(path!.d.match(/M/g)).toHaveLength(3);
  });

  it("a band is broken where its line is", () => {
    const chart = lineOf([1, 2, NaN, 4, 5]);
    const [series] = chart.series;
    const band = { low: [0, 1, NaN, 3, 4], high: [2, 3, NaN, 5, 6] };
    const shapes = shapesOf({ ...chart, series: [{ ...series!, band }] });
    const area = shapes.find(
      (shape) => shape.type === "path" && shape.opacity === 0.16,
    ) as PathShape;
    expect(area.d.match(/Z/g)).toHaveLength(2);
    expect(area.fill).toBe("s1");
  });
});

describe("labels", () => {
  it("stand at the ends of their lines with the last value, beside the rules' names", () => {
    expect(textsOf(shapesOf(samplePrivacy()))).toContain("limit 3.00");
    const texts = textsOf(shapesOf(sampleAccuracy()));
    expect(texts.filter((text) => /^(Clients|Central) \d\d\.\d$/.test(text))).toHaveLength(2);
  });

  it.each([sampleAccuracy(), sampleLoss(), sampleCompare(), samplePrivacy()])(
    "of $title lie inside of the drawing and do not touch",
    (chart) => {
      for (const width of [320, 640, 1200]) {
        const { labels } = layoutLines(chart, { width, height: 240 });
        labels.forEach(({ box }, i) => {
          expect(box.x + box.width).toBeLessThanOrEqual(width + 1);
          for (const other of labels.slice(0, i)) {
            const isBeside =
              box.x >= other.box.x + other.box.width || other.box.x >= box.x + box.width;
            const apart = Math.abs(box.y + box.height / 2 - (other.box.y + other.box.height / 2));
            // Boxes are rounded to a tenth of a px.
            if (!isBeside)
              expect(apart).toBeGreaterThanOrEqual((box.height + other.box.height) / 2 - 0.11);
          }
        });
      }
    },
  );

  it("are broken on narrow screens, never cut", () => {
    const { labels } = layoutLines(sampleCompare(), { width: 340, height: 240 });
    expect(labels.map(({ text }) => text)).toContain("fedavg (FedIT), dense baseline 77.3");
  });

  it("of more than eight lines are left to the list on hover", () => {
    const chart = lineOf([1, 2]);
    const many = Array.from({ length: 12 }, (_, i) => ({
      ...chart.series[0]!,
      ...{ id: String(i), label: `run ${i}`, style: seriesStyle(i) },
    }));
    const texts = textsOf(shapesOf({ ...chart, series: many }));
    expect(texts.filter((text) => text.startsWith("run"))).toHaveLength(8);
    expect(inColour(shapesOf({ ...chart, series: many }), "line-strong")).toHaveLength(4);
  });
});

describe("what is shown", () => {
  it("zooming refits y to the part that is shown", () => {
    const chart = lineOf(Array.from({ length: 100 }, (_, i) => 100 * Math.exp(-i / 10)));
    const whole = lineFigure(chart, size);
    const part = lineFigure(chart, { ...size, xRange: [80, 100] } as never);
    expect(part.y.range[1]).toBeLessThan(whole.y.range[1] / 100);
    expect(part.x.range).toEqual([80, 100]);
  });

  it("a line's end is named with its last value, however large the places are", () => {
    const [first, ...others] = lineOf([10, 20, 30]).series;
    expect(others).toEqual([]);
    const x = [0, 10_000_000.5, 23_236_900];
    const series = [{ ...first!, label: "it", x }];
    const scene = lineFigure({ ...lineOf([10, 20, 30]), series }, {
      ...size,
      xRange: [0, 23_236_900],
    } as never);
    const texts = scene.shapes.flatMap((shape) => (shape.type === "text" ? [shape.text] : []));
    expect(texts.map(plainText).filter((text) => text.startsWith("it "))).toEqual(["it 30"]);
  });

  it("smoothing keeps the raw line, paler", () => {
    const chart = lineOf([1, 5, 1, 5], { halfLife: 2 });
    const [raw, smooth] = inColour(shapesOf(chart), "s1");
    expect([raw!.opacity, smooth!.opacity]).toEqual([0.3, undefined]);
    expect(raw!.d).not.toBe(smooth!.d);
  });

  it("an empty chart has its axes", () => {
    const shapes = shapesOf({ ...lineOf([]), series: [] });
    expect(textsOf(shapes)).toContain("round 1");
    expect(shapes.some((shape) => shape.type === "path" && shape.d.includes("NaN"))).toBe(false);
  });

  it("marks and ticks lie inside of the drawing", () => {
    const texts = shapesOf(samplePrivacy()).filter(
      (shape): shape is TextShape => shape.type === "text",
    );
    expect(texts.map(({ text }) => plainText(text))).toContain("now");
    for (const { x, y } of texts) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(size.width);
      expect(y).toBeLessThanOrEqual(size.height);
    }
  });
});
