/** The metric over rounds, bytes, epsilon and virtual time, and the aggregation error over rounds. */
import {
  columnWidth,
  chartSentence,
  extent,
  keyScene,
  lineFigure,
  panelGrid,
  seriesStyle,
  shownUnit,
  sidewaysRange,
  stacked,
  upwardRange,
  xExtent,
  yExtent,
  type LineChart,
  type NumberKind,
  type Scene,
  type Series,
} from "@fedtune/figures";
import type { CurvePoint } from "../summary/curve.ts";
import { isNumber } from "../summary/cell-rows.ts";
import type { GroupSummary, PanelSummary, Summary } from "../summary/summarize.ts";
import { metricKind, metricName, metricUnit } from "../words.ts";
import type { ReportFigure } from "./figure.ts";
import { leftOutText, mostPanels, seedsText } from "./shared-words.ts";

/** Places of a curve's points on an axis, null where a point has none. */
type PlaceOf = (point: CurvePoint) => number | null;

interface CurveStyle {
  readonly name: string;
  readonly title: string;
  readonly x: { readonly kind: NumberKind; readonly name: string };
  readonly unit: (largest: number) => string;
  readonly place: PlaceOf;
  /** Only as far as all seeds of a group go: beyond, a mean of places would jump. */
  readonly isShared: boolean;
}

const styles = {
  rounds: {
    ...{ name: "metric-over-rounds", title: "over rounds", place: (point) => point.round },
    x: { kind: "round", name: "round" },
    unit: () => "",
    isShared: false,
  },
  bytes: {
    ...{ name: "metric-over-bytes", title: "over what was sent" },
    x: { kind: "bytes", name: "sent" },
    unit: (largest) =>
      `over ${shownUnit("bytes", largest).unit} of adapters, up and down, all clients`,
    place: (point) => point.bytes,
    isShared: true,
  },
  epsilon: {
    ...{ name: "metric-over-epsilon", title: "over epsilon spent" },
    x: { kind: "epsilon", name: "epsilon" },
    unit: () => "over epsilon",
    place: (point) => point.epsilon,
    isShared: true,
  },
  seconds: {
    ...{ name: "metric-over-time", title: "over virtual time" },
    x: { kind: "duration", name: "virtual time" },
    unit: (largest) => `over ${shownUnit("duration", largest).unit} on the virtual clock`,
    place: (point) => 1000 * point.seconds,
    isShared: true,
  },
} as const satisfies Record<string, CurveStyle>;

/** What the metric can be drawn over. */
export type CurveAxis = keyof typeof styles;

/** The metric over an axis, a panel each; null: nothing has a place on it. */
export function metricFigure(summary: Summary, axis: CurveAxis): ReportFigure | null {
  const style: CurveStyle = styles[axis];
  const { metric, better } = summary.question;
  const kind = metricKind(metric);
  const charts = summary.panels.slice(0, mostPanels).map((panel): LineChart => {
    return {
      title: panel.label,
      x: style.x,
      y: { kind, name: metricName(metric) },
      series: panel.groups.flatMap((group) => seriesOf(summary, group, style)),
      foot: "",
      better,
    };
  });
  if (charts.every(({ series }) => series.length === 0)) return null;
  const largest = Math.max(0, ...charts.map((chart) => xExtent(chart)?.[1] ?? 0));
  const unit = [metricUnit(metric), style.unit(largest)].filter((word) => word !== "").join(" ");
  return {
    name: style.name,
    title: `${metricName(metric)} ${style.title}`,
    subtitle: unit,
    foot: [
      `Line: mean over seeds. Band: 95 % interval (Student's t).`,
      seedsText(summary),
      style.isShared ? "Drawn as far as all seeds go." : "",
      undrawnText(summary, charts),
      leftOutText(summary),
    ]
      .filter((text) => text !== "")
      .join(" "),
    description: charts.map(chartSentence).join(" "),
    draw: (width) => drawPanels(summary, charts, width),
  };
}

function seriesOf(summary: Summary, group: GroupSummary, style: CurveStyle): Series[] {
  const all = Math.max(0, ...group.curve.map(({ value }) => value.n));
  const points = group.curve.filter(({ value }) => !style.isShared || value.n === all);
  const drawn = points.flatMap((point) => {
    const place = style.place(point);
    return isNumber(place) ? [{ place, value: point.value }] : [];
  });
  if (drawn.length === 0) return [];
  const half = (at: (typeof drawn)[number]): number => at.value.halfWidth ?? NaN;
  const hasBand = drawn.some(({ value }) => value.halfWidth !== null);
  const band = {
    low: drawn.map((at) => at.value.mean - half(at)),
    high: drawn.map((at) => at.value.mean + half(at)),
  };
  return [
    {
      id: group.value,
      label: group.value,
      x: drawn.map(({ place }) => place),
      y: drawn.map(({ value }) => value.mean),
      style: seriesStyle(summary.values.indexOf(group.value)),
      ...(hasBand ? { band } : {}),
      n: drawn.map(({ value }) => value.n),
    },
  ];
}

/** Compared values that an axis has no place for. */
function undrawnText({ values }: Summary, charts: readonly LineChart[]): string {
  const drawn = new Set(charts.flatMap(({ series }) => series.map(({ id }) => id)));
  const absent = values.filter((value) => !drawn.has(value));
  return absent.length === 0 ? "" : `Without a value here: ${absent.join(", ")}.`;
}

/** The aggregation error over rounds; null: nowhere measured, or everywhere exact. */
export function errorFigure(summary: Summary): ReportFigure | null {
  const shown = summary.panels.slice(0, mostPanels);
  const charts = shown.map((panel) => errorChart(summary, panel));
  if (charts.every(({ series }) => series.length === 0)) return null;
  const exact = summary.values.filter((value) => {
    const groups = summary.panels.flatMap((panel) => panel.groups.filter((g) => g.value === value));
    const means = groups.flatMap(({ errors }) => errors.map(([, { mean }]) => mean));
    return means.length > 0 && means.every((mean) => mean === 0);
  });
  return {
    name: "aggregation-error",
    title: "Aggregation error over rounds",
    subtitle:
      "distance of the broadcast from the mean of the clients' products, relative, log axis",
    foot: [
      "Line: mean over seeds.",
      exact.length === 0 ? "" : `Exact in every round: ${exact.join(", ")}.`,
      leftOutText(summary),
    ]
      .filter((text) => text !== "")
      .join(" "),
    description: charts.map(chartSentence).join(" "),
    draw: (width) => drawPanels(summary, charts, width),
  };
}

function errorChart(summary: Summary, { label, groups }: PanelSummary): LineChart {
  const series = groups.flatMap(({ value, errors }): Series[] => {
    const drawn = errors.filter(([, { mean }]) => mean > 0);
    if (drawn.length === 0) return [];
    return [
      {
        id: value,
        label: value,
        x: drawn.map(([round]) => round),
        y: drawn.map(([, { mean }]) => mean),
        style: seriesStyle(summary.values.indexOf(value)),
      },
    ];
  });
  return {
    title: label,
    x: { kind: "round", name: "round" },
    y: { kind: "ratio", name: "aggregation error", scale: "log" },
    series,
    foot: "",
  };
}

/** Below this width panels stand one below the other. */
const leastForTwo = 600;

/** All charts on the same axes. One alone has its names at the lines' ends, several have a key. */
function drawPanels(summary: Summary, charts: readonly LineChart[], width: number): Scene {
  const isAlone = charts.length === 1;
  const columns = isAlone || width < leastForTwo ? 1 : 2;
  const own = columnWidth(width, columns);
  const size = { width: own, height: isAlone && columns === 1 && width > own / 2 ? 320 : 220 };
  const ranges = sharedRanges(charts);
  const panels = charts.map((chart) => {
    const series = chart.series.map((one) => (isAlone ? one : { ...one, endLabel: null }));
    const scene = lineFigure({ ...chart, series }, { ...size, ...ranges });
    return { title: isAlone ? "" : chart.title, scene };
  });
  const grid = panelGrid(panels, { width, columns });
  return isAlone ? grid : stacked([keyScene(keyEntries(summary, charts), width), grid], 12);
}

function sharedRanges(charts: readonly LineChart[]) {
  const [first] = charts;
  if (first === undefined) return {};
  const isLog = first.y.scale === "log";
  const y = extent(
    charts.flatMap((chart) => yExtent(chart) ?? []),
    { isLog },
  );
  const x = extent(charts.flatMap((chart) => xExtent(chart) ?? []));
  return { yRange: upwardRange(first.y, y), xRange: sidewaysRange(first.x, x) };
}

function keyEntries({ values }: Summary, charts: readonly LineChart[]) {
  const drawn = new Set(charts.flatMap(({ series }) => series.map(({ id }) => id)));
  return values.flatMap((label, index) =>
    drawn.has(label) ? [{ label, style: seriesStyle(index) }] : [],
  );
}
