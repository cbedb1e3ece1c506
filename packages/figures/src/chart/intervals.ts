/** Values with their 95 % intervals in groups on one axis, so that groups compare as well. */
import type { ColourToken } from "../palette.ts";
import { noValue } from "../format.ts";
import type { Text } from "../text.ts";
import type { NumberKind, Numbers } from "./model.ts";
import { extent, sidewaysScale, upwardRange, upwardScale, type Scale } from "./scale.ts";
import { baselineShift, px, straight, type Scene, type Shape } from "./scene.ts";
import { textWidth, wrapText } from "./text-width.ts";

/** A value with its interval. */
export interface IntervalRow {
  readonly label: string;
  readonly colour: ColourToken;
  /** Null: there is none, and `note` says why. */
  readonly value: number | null;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** What it is the mean of, each a small mark. */
  readonly single?: Numbers | undefined;
  /** The value as text at the right edge. */
  readonly text: Text;
  readonly note?: string | undefined;
  /** Set stronger than the others. */
  readonly isBest?: boolean | undefined;
}

/** Rows under one heading. */
export interface IntervalGroup {
  /** Empty: none. */
  readonly label: string;
  readonly rows: readonly IntervalRow[];
}

/** Groups of values. `bars` start at zero; `points` need not, for values whose differences matter. */
export interface IntervalChart {
  readonly kind: NumberKind;
  readonly form: "bars" | "points";
  readonly groups: readonly IntervalGroup[];
  /** Dashed lines upwards with their names. */
  readonly rules?:
    | readonly { readonly value: number; readonly label: string; readonly colour: ColourToken }[]
    | undefined;
}

const size = 12;
const lineHeight = 15;
const leastRow = 24;
const headingHeight = 26;
const barHeight = 10;
const ruleHeight = 18;

/** Top and end of a group's rows. */
type Span = readonly [top: number, end: number];

interface Placed {
  readonly row: IntervalRow;
  readonly lines: readonly string[];
  readonly top: number;
  readonly height: number;
}

interface Columns {
  /** Where names end, and where values of the right edge begin. */
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

/** Draws values with their intervals at a width; the height follows from their number. */
export function intervalFigure(chart: IntervalChart, width: number): Scene {
  const columns = columnsOf(chart, width);
  const first = (chart.rules?.length ?? 0) > 0 ? ruleHeight : 0;
  const { rows, headings, spans, floor } = placed(chart, { columns, first });
  const scale = scaleOf(chart, columns);
  return {
    width,
    height: floor + 26,
    shapes: [
      ...axis(scale, spans, floor),
      ...ruleShapes(chart, scale, { first, floor }),
      ...headings,
      ...rows.flatMap((one) => rowShapes(one, { scale, columns, form: chart.form })),
    ],
  };
}

function columnsOf({ groups }: IntervalChart, width: number): Columns {
  const rows = groups.flatMap((group) => group.rows);
  const labels = Math.max(0, ...rows.map(({ label }) => textWidth(label, size)));
  const texts = Math.max(0, ...rows.map(({ text }) => textWidth(text, size)));
  const left = Math.min(Math.ceil(labels) + 16, Math.round(width * 0.34));
  return { left, right: Math.max(left + 40, width - Math.ceil(texts) - 14), width };
}

function placed(
  { groups }: IntervalChart,
  { columns, first }: { readonly columns: Columns; readonly first: number },
): { rows: Placed[]; headings: Shape[]; spans: Span[]; floor: number } {
  const rows: Placed[] = [];
  const headings: Shape[] = [];
  const spans: Span[] = [];
  let y = first;
  for (const group of groups) {
    for (const text of wrapText(group.label, size, columns.width)) {
      const at = { x: 0, y: y + headingHeight - 9 };
      headings.push({ type: "text", ...at, text, fill: "ink-2", size, weight: 600 });
      y += headingHeight - 4;
    }
    const top = y;
    for (const row of group.rows) {
      const lines = wrapText(row.label, size, columns.left - 12);
      const height = Math.max(leastRow, lines.length * lineHeight + 6);
      rows.push({ row, lines, top: y, height });
      y += height;
    }
    y += 4;
    spans.push([top, y]);
  }
  return { rows, headings, spans, floor: y };
}

function scaleOf({ groups, kind, form, rules }: IntervalChart, { left, right }: Columns): Scale {
  const values = groups.flatMap(({ rows }) =>
    rows.flatMap(({ value, low, high, single }) => [value, low, high, ...Array.from(single ?? [])]),
  );
  const known = values.filter((value) => value !== null && value !== undefined);
  const data = extent([...known, ...(rules ?? []).map(({ value }) => value)]);
  const includes = form === "bars" ? [0] : [];
  const range = upwardRange({ kind, name: "", includes }, data);
  const axis = { kind, name: "" };
  const scale = sidewaysScale(axis, range, { left: left + 8, right: right - 8 });
  if (scale.ticks.length > 2) return scale;
  // Where there is room for few ticks, those at the ends say most.
  const { ticks } = upwardScale(axis, range, { top: left, bottom: right });
  const ends = [ticks[0], ticks.at(-1)].filter((tick) => tick !== undefined);
  return { ...scale, ticks: ends };
}

interface Heights {
  readonly first: number;
  readonly floor: number;
}

/** Lines behind the rows of each group, none behind its heading; numbers below the last. */
const axis = ({ ticks, toPx }: Scale, spans: readonly Span[], floor: number): Shape[] =>
  ticks.flatMap(({ value, text }): Shape[] => {
    const x = px(toPx(value));
    return [
      ...spans.map(([top, end]) => straight([x, top], [x, end], { colour: "line", width: 1 })),
      { type: "text", x, y: floor + 16, text, anchor: "middle", fill: "ink-3", size },
    ];
  });

const ruleShapes = ({ rules }: IntervalChart, { toPx }: Scale, heights: Heights): Shape[] =>
  (rules ?? []).flatMap(({ value, label, colour }): Shape[] => {
    const x = px(toPx(value));
    const stroke = { colour, width: 1.5, dash: [5, 4] };
    return [
      straight([x, heights.first - 2], [x, heights.floor], stroke),
      { type: "text", x, y: 12, text: label, anchor: "middle", fill: "ink-2", size },
    ];
  });

interface RowStyle {
  readonly scale: Scale;
  readonly columns: Columns;
  readonly form: IntervalChart["form"];
}

function rowShapes(
  { row, lines, top, height }: Placed,
  { scale, columns, form }: RowStyle,
): Shape[] {
  const middle = top + height / 2;
  const weight = row.isBest === true ? 600 : 400;
  const names = lines.map((text, line): Shape => {
    const y = px(middle + (line - (lines.length - 1) / 2) * lineHeight + baselineShift * size);
    return { type: "text", x: 0, y, text, fill: "ink", size, weight };
  });
  const y = px(middle + baselineShift * size);
  const value: Shape = {
    ...{ type: "text", x: columns.width, y, size, anchor: "end", fill: "ink" },
    text: row.value === null ? noValue : row.text,
    weight: row.isBest === true ? 600 : 500,
  };
  if (row.value === null) {
    const note = { x: columns.left + 8, y, text: row.note ?? "", fill: "ink-3", size } as const;
    return [...names, { type: "text", ...note }, value];
  }
  const drawn = form === "bars" ? bar(row, row.value, { scale, middle }) : [];
  const mark = form === "points" ? point(row, row.value, { scale, middle }) : [];
  return [
    ...names,
    ...drawn,
    ...singles(row, { scale, middle }),
    ...whisker(row, { scale, middle, colour: form === "bars" ? "ink" : row.colour }),
    ...mark,
    value,
  ];
}

interface Place {
  readonly scale: Scale;
  readonly middle: number;
}

function bar({ colour }: IntervalRow, value: number, { scale, middle }: Place): Shape[] {
  const [from, to] = [scale.toPx(0), scale.toPx(value)];
  const box = { x: px(Math.min(from, to)), y: middle - barHeight / 2, height: barHeight };
  // A value that is there is seen, however small.
  const width = px(Math.max(1.5, Math.abs(to - from)));
  return [{ type: "rect", ...box, width, radius: 2, fill: colour }];
}

const point = ({ colour }: IntervalRow, value: number, { scale, middle }: Place): Shape[] => [
  { type: "circle", cx: px(scale.toPx(value)), cy: middle, r: 4.5, fill: colour },
];

/** Below the line, so that they do not hide what they are summed up in. */
const singles = ({ single, colour }: IntervalRow, { scale, middle }: Place): Shape[] =>
  Array.from(single ?? [], (value): Shape => {
    const x = px(scale.toPx(value));
    return { ...straight([x, middle + 5], [x, middle + 10], { colour, width: 1.5 }), opacity: 0.6 };
  });

function whisker(
  { low, high }: IntervalRow,
  { scale, middle, colour }: Place & { readonly colour: ColourToken },
): Shape[] {
  if (low === undefined || high === undefined) return [];
  const stroke = { colour, width: 1.5 };
  const [x1, x2] = [scale.toPx(low), scale.toPx(high)];
  const end = (x: number): Shape => straight([x, middle - 4], [x, middle + 4], stroke);
  return [straight([x1, middle], [x2, middle], stroke), end(x1), end(x2)];
}
