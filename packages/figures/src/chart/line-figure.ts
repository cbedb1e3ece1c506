/** A line chart as a drawing, with the scales that a crosshair needs. */
import { decimate, decimateBand, runsOf, type Kept } from "./m4.ts";
import type { Box, LineChart, Series } from "./model.ts";
import { layoutLines, type LineLayout, type LineView } from "./line-layout.ts";
import { bandPath, linePath, type Place } from "./path.ts";
import type { Scale } from "./scale.ts";
import { px, straight, type PathShape, type Scene, type Shape, type TextShape } from "./scene.ts";
import { smoothed } from "./smooth.ts";

/** A drawn line chart. */
export interface LineFigure extends Scene {
  /** Inside of the axes. */
  readonly plot: Box;
  readonly x: Scale;
  readonly y: Scale;
}

/** Draws a line chart at a size. */
export function lineFigure(chart: LineChart, view: LineView): LineFigure {
  const layout = layoutLines(chart, view);
  const drawn = chart.series.map((series) => drawSeries(chart, series, layout));
  const [bands, lines] = [drawn.flatMap((one) => one.bands), drawn.flatMap((one) => one.lines)];
  const shapes: Shape[] = [
    ...grid(layout),
    ...marks(chart, layout),
    ...clipped(layout, bands),
    ...clipped(layout, lines),
    ...drawn.flatMap((one) => one.crosses),
    ...rules(chart, layout),
    ...layout.labels.flatMap((label) => label.shapes),
  ];
  return {
    ...{ width: view.width, height: view.height, shapes },
    ...{ plot: layout.plot, x: layout.x, y: layout.y },
  };
}

/** Shapes cut at the plot's edges. */
const clipped = ({ plot }: LineLayout, shapes: readonly Shape[]): Shape[] =>
  shapes.length === 0 ? [] : [{ type: "clip", box: overhang(plot), shapes }];

/** A line on the very edge keeps its full width. */
const overhang = ({ x, y, width, height }: Box): Box => ({
  x: x - 3,
  y: y - 3,
  width: width + 6,
  height: height + 6,
});

const hairline = { colour: "line", width: 1 } as const;

function grid({ plot, x, y }: LineLayout): Shape[] {
  const right = plot.x + plot.width;
  const floor = plot.y + plot.height;
  const across = y.ticks.flatMap(({ value, text }): Shape[] => {
    const at = Math.round(y.toPx(value)) + 0.5;
    return [
      straight([plot.x, at], [right, at], hairline),
      { ...tickText, x: plot.x - 8, y: at + 4, text, anchor: "end" },
    ];
  });
  const along = x.ticks.flatMap(({ value, text }): Shape[] => {
    const at = x.toPx(value);
    return [
      straight([at, floor], [at, floor + 5], hairline),
      { ...tickText, x: px(at), y: floor + 18, text, anchor: "middle" },
    ];
  });
  return [...across, straight([plot.x, floor + 0.5], [right, floor + 0.5], hairline), ...along];
}

const tickText = { type: "text", fill: "ink-3", size: 12 } as const;

function marks(chart: LineChart, { plot, x }: LineLayout): Shape[] {
  const stroke = { colour: "ink-3", width: 1, dash: [2, 3] } as const;
  return (chart.marks ?? []).flatMap(({ x: value, label, side = "right", place = "top" }) => {
    const at = x.toPx(value);
    if (at < plot.x - 1 || at > plot.x + plot.width + 1) return [];
    const text: TextShape = {
      ...tickText,
      x: px(at + (side === "left" ? -5 : 5)),
      y: place === "top" ? plot.y + 12 : plot.y + plot.height - 7,
      text: label,
      anchor: side === "left" ? "end" : "start",
    };
    return [straight([at, plot.y], [at, plot.y + plot.height], stroke), text];
  });
}

function rules(chart: LineChart, { plot, y }: LineLayout): Shape[] {
  return (chart.rules ?? []).map(({ y: value, colour }) => {
    const at = y.toPx(value);
    const stroke = { colour, width: 1.5, dash: [5, 4] };
    return straight([plot.x, at], [plot.x + plot.width, at], stroke);
  });
}

interface DrawnSeries {
  readonly bands: readonly Shape[];
  readonly lines: readonly Shape[];
  readonly crosses: readonly Shape[];
}

function drawSeries(chart: LineChart, series: Series, layout: LineLayout): DrawnSeries {
  const { plot, x, y } = layout;
  const view = { range: x.range, columns: Math.max(1, Math.round(plot.width)), isLog: y.isLog };
  const kept = decimate(series.x, series.y, view);
  const raw = linesOf(series, kept, layout);
  const crosses = kept.notFinite.flatMap((index) => cross(series, index, layout));
  const lines =
    chart.halfLife === undefined
      ? raw
      : [
          ...raw.map((shape) => ({ ...shape, opacity: 0.3 })),
          ...linesOf(smoothSeries(series, chart.halfLife), kept, layout),
        ];
  return { bands: band(series, layout), lines, crosses };
}

const smoothSeries = (series: Series, halfLife: number): Series => ({
  ...series,
  y: smoothed(series.x, series.y, halfLife),
  hasPoints: false,
});

/** The line, a dot for each value that stands alone, and dots on all where they are wanted. */
function linesOf(series: Series, kept: Kept, { x, y }: LineLayout): Shape[] {
  const { style } = series;
  const place: [Place, Place] = [
    (index) => x.toPx(series.x[index] ?? 0),
    (index) => y.toPx(series.y[index] ?? 0),
  ];
  const d = linePath(kept.indices, ...place);
  const dots: number[] = [];
  for (const run of runsOf(kept.indices)) {
    if (series.hasPoints === true) dots.push(...run);
    else if (run.length === 1) dots.push(run[0] ?? 0);
  }
  const stroke = { colour: style.colour, width: style.width, dash: style.dash };
  return [
    ...(d === "" ? [] : [{ type: "path", d, stroke } as const]),
    ...dots.map((index): Shape => {
      const [cx, cy] = [px(place[0](index)), px(place[1](index))];
      return { type: "circle", cx, cy, r: 2.5, fill: style.colour };
    }),
  ];
}

function band(series: Series, { x, y, plot }: LineLayout): PathShape[] {
  if (series.band === undefined) return [];
  const view = { range: x.range, columns: Math.max(1, Math.round(plot.width)) };
  const kept = decimateBand(series.x, series.band, view);
  // Below what a log axis can show lies its lower edge.
  const toY = (value: number): number => y.toPx(y.isLog ? Math.max(value, y.range[0]) : value);
  const d = bandPath(kept, x.toPx, toY);
  return d === "" ? [] : [{ type: "path", d, fill: series.style.colour, opacity: 0.16 }];
}

/** A cross on the upper edge: the value has no place on the axis. */
function cross(series: Series, index: number, { x, plot }: LineLayout): Shape[] {
  const at = x.toPx(series.x[index] ?? 0);
  if (at < plot.x || at > plot.x + plot.width) return [];
  const [left, right, top, bottom] = [at - 3, at + 3, plot.y - 3, plot.y + 3].map(px);
  const d = `M${left},${top}L${right},${bottom}M${left},${bottom}L${right},${top}`;
  return [{ type: "path", d, stroke: { colour: series.style.colour, width: 2 } }];
}
