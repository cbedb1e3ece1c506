/** Bars from zero, or points with their intervals where lengths from zero would say nothing. */
import { commonExponent, formatScientific, noValue } from "../format.ts";
import type { ColourToken } from "../palette.ts";
import type { Text } from "../text.ts";
import type { NumberKind, Range } from "./model.ts";
import { valueText } from "./number-kind.ts";
import { extent, sidewaysScale, upwardRange, type Tick } from "./scale.ts";
import { baselineShift, hatch, px, straight, type Scene, type Shape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

/** A bar. */
export interface Bar {
  readonly label: string;
  /** Null: there is none, and `note` says why. */
  readonly value: number | null;
  readonly colour: ColourToken;
  /** The ends of its 95 % interval. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Hatched: a plan, or what it is compared with. */
  readonly isHatched?: boolean | undefined;
  /** Instead of a bar: "not reached in 40 rounds". */
  readonly note?: string | undefined;
  /** Instead of the value's own text. */
  readonly valueText?: string | undefined;
}

/** Values side by side. */
export interface BarChart {
  readonly title: string;
  readonly subtitle?: Text | undefined;
  readonly kind: NumberKind;
  /** `points`: on an axis that need not start at zero, for values whose differences matter. */
  readonly form?: "bars" | "points" | undefined;
  readonly bars: readonly Bar[];
  /** A limit or a target across. */
  readonly rule?:
    { readonly value: number; readonly label: string; readonly colour: ColourToken } | undefined;
  readonly foot?: Text | undefined;
}

const rowHeight = 22;
const barHeight = 10;

/** Draws bars at a width; the height follows from their number. */
export function barFigure(chart: BarChart, width: number): Scene {
  const isPoints = chart.form === "points";
  const labels = chart.bars.map(({ label }) => textWidth(label, 12));
  const values = chart.bars.map((bar) => textWidth(textOf(chart, bar), 13));
  const left = Math.min(Math.ceil(Math.max(0, ...labels)) + 12, width * 0.45);
  const right = Math.ceil(Math.max(24, ...values)) + 12;
  const span = { left, right: Math.max(left + 40, width - right) };
  const range = rangeOf(chart, isPoints);
  const scale = sidewaysScale({ kind: chart.kind, name: "" }, range, span);
  const top = chart.rule === undefined ? 2 : 20;
  const floor = top + chart.bars.length * rowHeight;
  const shapes = chart.bars.flatMap((bar, row) => {
    const middle = top + row * rowHeight + rowHeight / 2;
    const y = px(middle + baselineShift * 12);
    const drawn = isPoints ? point(bar, scale.toPx, middle) : oneBar(bar, scale.toPx, middle);
    return [
      { ...small, x: 0, y, text: bar.label, fill: "ink-2" },
      ...(bar.value === null ? note(bar, left, y) : drawn),
      {
        ...small,
        x: width,
        y,
        text: textOf(chart, bar),
        anchor: "end",
        fill: "ink",
        size: 13,
        weight: 500,
      },
    ] satisfies Shape[];
  });
  const axis = isPoints ? pointAxis(scale.ticks, scale.toPx, { top, floor }) : [];
  const rule = ruleShapes(chart, scale.toPx, { top, floor });
  return { width, height: floor + (isPoints ? 24 : 2), shapes: [...axis, ...rule, ...shapes] };
}

const small = { type: "text", size: 12, fill: "ink-3" } as const;

function textOf({ kind, bars }: BarChart, { value, valueText: own }: Bar): Text {
  if (own !== undefined || value === null) return own ?? noValue;
  // A column of small numbers has one exponent.
  return kind === "ratio"
    ? formatScientific(value, { exponent: commonExponent(bars.map((bar) => bar.value ?? 0)) })
    : valueText(kind, value);
}

function rangeOf({ bars, kind, rule }: BarChart, isPoints: boolean): Range {
  const ends = bars.flatMap(({ value, low, high }) =>
    [value, low, high].filter((v) => v !== null && v !== undefined),
  );
  const data = extent([...ends, ...(rule === undefined ? [] : [rule.value])]);
  if (isPoints) return upwardRange({ kind: kind === "fraction" ? kind : "number", name: "" }, data);
  return [Math.min(0, data?.[0] ?? 0), Math.max(data?.[1] ?? 0, 0) || 1];
}

type ToPx = (value: number) => number;

function oneBar(bar: Bar, toPx: ToPx, middle: number): Shape[] {
  const [from, to] = [toPx(0), toPx(bar.value ?? 0)];
  // A value that is there is seen, however small.
  const box = {
    x: px(Math.min(from, to)),
    y: middle - barHeight / 2,
    width: px(Math.max(1.5, Math.abs(to - from))),
    height: barHeight,
  };
  const drawn: Shape =
    bar.isHatched === true
      ? hatch(box, bar.colour)
      : { type: "rect", ...box, radius: 2, fill: bar.colour };
  return [drawn, ...whisker(bar, toPx, { middle, colour: "ink" })];
}

const point = (bar: Bar, toPx: ToPx, middle: number): Shape[] => [
  ...whisker(bar, toPx, { middle, colour: bar.colour }),
  { type: "circle", cx: px(toPx(bar.value ?? 0)), cy: middle, r: 4.5, fill: bar.colour },
];

function whisker(
  { low, high }: Bar,
  toPx: ToPx,
  at: { middle: number; colour: ColourToken },
): Shape[] {
  if (low === undefined || high === undefined) return [];
  const stroke = { colour: at.colour, width: 1.5 };
  const [x1, x2] = [toPx(low), toPx(high)];
  const end = (x: number): Shape => straight([x, at.middle - 4], [x, at.middle + 4], stroke);
  return [straight([x1, at.middle], [x2, at.middle], stroke), end(x1), end(x2)];
}

const note = (bar: Bar, left: number, y: number): Shape[] =>
  bar.note === undefined ? [] : [{ ...small, x: left, y, text: bar.note }];

interface Heights {
  readonly top: number;
  readonly floor: number;
}

const pointAxis = (ticks: readonly Tick[], toPx: ToPx, { top, floor }: Heights): Shape[] =>
  ticks.flatMap(({ value, text }): Shape[] => {
    const x = px(toPx(value));
    return [
      straight([x, top], [x, floor], { colour: "line", width: 1 }),
      { ...small, x, y: floor + 16, text, anchor: "middle" },
    ];
  });

function ruleShapes({ rule }: BarChart, toPx: ToPx, { top, floor }: Heights): Shape[] {
  if (rule === undefined) return [];
  const x = toPx(rule.value);
  return [
    straight([x, top - 2], [x, floor], { colour: rule.colour, width: 1.5, dash: [5, 4] }),
    { ...small, x: px(x), y: 12, text: rule.label, anchor: "middle", fill: "ink-2" },
  ];
}
