/** Where everything of a line chart goes: the plot's box, the scales, and the labels at the ends of lines. */
import { placeLabels } from "./labels.ts";
import { lowerBound } from "./m4.ts";
import type { Box, LineChart, Range, Series } from "./model.ts";
import { bareValueText, shownUnit } from "./number-kind.ts";
import type { ColourToken } from "../palette.ts";
import {
  extent,
  sidewaysRange,
  sidewaysScale,
  upwardRange,
  upwardScale,
  type Scale,
} from "./scale.ts";
import { baselineShift, px, type Shape } from "./scene.ts";
import { textWidth, wrapText } from "./text-width.ts";

/** At what size, and which part of it. */
export interface LineView {
  readonly width: number;
  readonly height: number;
  /** The part of x that is shown; absent: all of it. */
  readonly xRange?: Range | null | undefined;
  /** The range of y from before, which a live chart does not shrink; absent: that of the data. */
  readonly yRange?: Range | null | undefined;
}

/** A label at a line's end. */
export interface PlacedLabel {
  readonly text: string;
  /** Its middle. */
  readonly y: number;
  readonly box: Box;
  readonly shapes: readonly Shape[];
}

/** The places of a chart's parts. */
export interface LineLayout {
  readonly plot: Box;
  readonly x: Scale;
  readonly y: Scale;
  readonly labels: readonly PlacedLabel[];
}

const labelSize = 12;
const lineHeight = 17;
const swatch = 8;
const labelGap = 8;
/** Lines with a label of their own; with more of them a list on hover takes over. */
const mostLabels = 8;

/** What all series, bands and rules span in y, over the part of x that is shown; null: there is nothing. */
export function yExtent(chart: LineChart, shown?: Range | null): Range | null {
  const isLog = chart.y.scale === "log";
  const ranges = chart.series.flatMap(({ x, y, band }) => {
    const part: Range = shown
      ? [lowerBound(x, shown[0]), lowerBound(x, shown[1] + 1e-9)]
      : [0, x.length];
    return [y, band?.low, band?.high].flatMap((numbers) =>
      numbers === undefined ? [] : (extent(numbers, { isLog, part }) ?? []),
    );
  });
  return extent([...ranges, ...(chart.rules ?? []).map((rule) => rule.y)], { isLog });
}

/** Lays a chart out. */
export function layoutLines(chart: LineChart, view: LineView): LineLayout {
  const yRange = view.yRange ?? upwardRange(chart.y, yExtent(chart, view.xRange));
  const [top, bottom] = [10, view.height - 26];
  const y = upwardScale(chart.y, yRange, { top, bottom });
  const left = 8 + Math.ceil(Math.max(20, ...y.ticks.map(({ text }) => textWidth(text, 12))));
  const wanted = wantedLabels(chart, view, y);
  const widest = Math.max(0, ...wanted.map((label) => label.width));
  const right = Math.max(14, wanted.length === 0 ? 14 : Math.ceil(labelGap + widest + 4));
  const plot = {
    x: left,
    y: top,
    width: Math.max(40, view.width - left - right),
    height: bottom - top,
  };
  const xRange = view.xRange ?? sidewaysRange(chart.x, xExtent(chart));
  const x = sidewaysScale(chart.x, xRange, { left, right: left + plot.width });
  return { plot, x, y, labels: placed(wanted, { plot, x, y }) };
}

/** What all series and marks span in x. */
export function xExtent(chart: LineChart): Range | null {
  const ends = chart.series.flatMap(({ x }) =>
    x.length === 0 ? [] : [x[0] ?? NaN, x[x.length - 1] ?? NaN],
  );
  return extent([...ends, ...(chart.marks ?? []).map((mark) => mark.x)]);
}

interface WantedText {
  readonly lines: readonly string[];
  readonly width: number;
  readonly colour: ColourToken;
  /** Value where the line ends; null x: at the right edge. */
  readonly x: number | null;
  readonly y: number;
}

/** The last value inside of the range that is shown. */
function lastShown(series: Series, range: Range | null | undefined): number {
  let index = series.y.length - 1;
  if (range !== null && range !== undefined) {
    // The range may have been through another unit: its end is that of the data but for rounding.
    const end = range[1] + 1e-9 * Math.max(1, Math.abs(range[1]));
    index = Math.min(index, lowerBound(series.x, end) - 1);
  }
  while (index >= 0 && !Number.isFinite(series.y[index] ?? NaN)) index--;
  return index;
}

function wantedLabels(chart: LineChart, view: LineView, y: Scale): WantedText[] {
  // A plot narrower than this says nothing; longer names are broken, never cut.
  const most = Math.max(72, view.width - 150 - 48);
  const unit = shownUnit(chart.y.kind, Math.max(...y.range.map(Math.abs)));
  const ofLines = chart.series.slice(0, mostLabels).flatMap((series): WantedText[] => {
    const index = lastShown(series, view.xRange);
    const value = series.y[index] ?? NaN;
    if (series.endLabel === null || index < 0 || (y.isLog && value <= 0)) return [];
    const own = bareValueText(chart.y.kind, value, unit);
    const text = series.endLabel ?? `${series.label}${/\d$/.test(series.label) ? ":" : ""} ${own}`;
    return [
      { ...linesOf(text, most), colour: series.style.colour, x: series.x[index] ?? 0, y: value },
    ];
  });
  const ofRules = (chart.rules ?? []).map(({ label, colour, y: value }): WantedText => {
    return { ...linesOf(label, most), colour, x: null, y: value };
  });
  return [...ofLines, ...ofRules];
}

function linesOf(text: string, most: number): { lines: string[]; width: number } {
  const lines = wrapText(text, labelSize, most - swatch - 6);
  const width = Math.max(...lines.map((one) => textWidth(one, labelSize)));
  return { lines, width: Math.ceil(width) + swatch + 6 };
}

/** Labels pushed apart until none touches another one, each on a ground of its own. */
function placed(
  wanted: readonly WantedText[],
  { plot, x, y }: Omit<LineLayout, "labels">,
): PlacedLabel[] {
  const right = plot.x + plot.width;
  const places = wanted.map((label) => {
    const end = label.x === null ? right : Math.min(right, Math.max(plot.x, x.toPx(label.x)));
    const height = label.lines.length * lineHeight;
    return { x: end + labelGap, y: y.toPx(label.y), width: label.width, height };
  });
  const middles = placeLabels(places, plot.y - 6, plot.y + plot.height + 6);
  return wanted.map((label, i) => {
    const { x: start = 0, height = 0, width = 0 } = places[i] ?? {};
    const middle = middles[i] ?? 0;
    const box = { x: px(start - 3), y: px(middle - height / 2), width: width + 6, height };
    return { text: label.lines.join(" "), y: middle, box, shapes: drawn(label, box, start) };
  });
}

function drawn({ lines, colour }: WantedText, box: Box, start: number): Shape[] {
  const first = box.y + lineHeight / 2;
  return [
    { type: "rect", ...box, radius: 3, fill: "surface" },
    {
      ...{ type: "rect", x: px(start), y: px(first - swatch / 2) },
      ...{ width: swatch, height: swatch, radius: 2, fill: colour },
    },
    ...lines.map((text, i): Shape => ({
      ...{ type: "text", text, fill: "ink", size: labelSize, weight: 500 },
      x: px(start + swatch + 5),
      y: px(first + i * lineHeight + baselineShift * labelSize),
    })),
  ];
}
