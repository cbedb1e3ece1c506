/** Ranges that end at round numbers, ticks, and the way from values to px. */
import { scaleLinear, scaleLog } from "d3-scale";
import type { Axis, Numbers, Range } from "./model.ts";
import { joinTexts, type Text } from "../text.ts";
import { shownUnit, tickText, type ShownUnit } from "./number-kind.ts";

/** A tick with its text. */
export interface Tick {
  readonly value: number;
  readonly text: Text;
}

/** An axis over a range, drawn over so many px. */
export interface Scale {
  readonly range: Range;
  readonly unit: ShownUnit;
  readonly ticks: readonly Tick[];
  readonly isLog: boolean;
  readonly toPx: (value: number) => number;
  readonly fromPx: (px: number) => number;
}

/** Kinds whose axis stands on zero: their lengths are compared, not only their order. */
const fromZero = new Set(["bytes", "duration", "epsilon", "loss", "count"]);

/** Which numbers count. */
export interface ExtentStyle {
  /** Those at or below 0 have no place on a log axis. */
  readonly isLog?: boolean;
  /** From the first to before the second index; absent: all. */
  readonly part?: Range;
}

/** The least and greatest of numbers that can be drawn; null: there are none. */
export function extent(numbers: Numbers, style: ExtentStyle = {}): Range | null {
  const { isLog = false, part = [0, numbers.length] } = style;
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = part[0]; i < part[1]; i++) {
    const value = numbers[i] ?? NaN;
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return least <= greatest ? [least, greatest] : null;
}

/** Data within this share of their size are one value. */
const leastSpan = 1e-6;

/** The range of an upward axis for data between `least` and `greatest`: it ends at ticks. */
export function upwardRange(axis: Axis, data: Range | null): Range {
  const isLog = axis.scale === "log";
  const all = [...(axis.includes ?? []), ...(data ?? [])].filter((v) => !isLog || v > 0);
  const [low, high] = extent(all) ?? (isLog ? [0.1, 1] : [0, 1]);
  if (isLog) return logRange([axis.from ?? low, axis.to ?? high]);
  const base = axis.from ?? (fromZero.has(axis.kind) ? Math.min(0, low) : low);
  // A single value gets some room on either side; so do values that no tick's text could tell apart.
  const isSingle = high - base <= Math.abs(high) * leastSpan;
  const pad = isSingle ? Math.abs(high) * 0.1 || 1 : 0;
  const isFloored = fromZero.has(axis.kind) && base === 0;
  const padded: Range = [isFloored || axis.from !== undefined ? base : base - pad, high + pad];
  const [from, to] = roundRange(padded, shownUnit(axis.kind, largest(padded)));
  const top = axis.kind === "fraction" && high <= 1 ? Math.min(1, to) : to;
  return [axis.from ?? from, axis.to ?? top];
}

/** More ticks than this are noise. */
const mostTicks = 6;

/** Ends at ticks of the unit that is shown, of which there are at most six. */
function roundRange([low, high]: Range, { factor }: ShownUnit): Range {
  for (let count = mostTicks - 1; count > 1; count--) {
    const scale = scaleLinear()
      .domain([low * factor, high * factor])
      .nice(count);
    const [from = 0, to = 1] = scale.domain();
    if (scale.ticks(count).length <= mostTicks) return [from / factor, to / factor];
  }
  return [low, high];
}

/** Decades from which on only powers of ten are named. */
const manyDecades = 2.5;

/** Ends at 1, 2 or 5 times a power of ten; of many decades at a power. */
function logRange([low, high]: Range): Range {
  const steps = Math.log10(high / low) < manyDecades ? [1, 2, 5, 10] : [1, 10];
  const power = (value: number): number => {
    const near = 10 ** Math.round(Math.log10(value));
    return near <= value * (1 + 1e-12) ? near : near / 10;
  };
  const below = steps.findLast((step) => step * power(low) <= low * (1 + 1e-12)) ?? 1;
  const above = steps.find((step) => step * power(high) >= high * (1 - 1e-12)) ?? 10;
  const [from, to] = [below * power(low), above * power(high)];
  return from < to ? [from, to] : [from / 10, to];
}

/** While a chart is live its range only grows. */
export const growRange = (before: Range | null, now: Range): Range =>
  before === null ? now : [Math.min(before[0], now[0]), Math.max(before[1], now[1])];

/** The range of x: that of the data and of what it must include. */
export function sidewaysRange(axis: Axis, data: Range | null): Range {
  const none: Range = axis.kind === "round" ? [1, 10] : [0, 1];
  const [low, high] = extent([...(axis.includes ?? []), ...(data ?? [])]) ?? none;
  const base = axis.from ?? (fromZero.has(axis.kind) ? Math.min(0, low) : low);
  const end = axis.to ?? high;
  return base < end ? [base, end] : [base, base + 1];
}

const largest = ([from, to]: Range): number => Math.max(Math.abs(from), Math.abs(to));

/** An upward axis: `top` and `bottom` in px, four to six round ticks. */
export function upwardScale(axis: Axis, range: Range, px: { top: number; bottom: number }): Scale {
  const unit = shownUnit(axis.kind, largest(range));
  const isLog = axis.scale === "log";
  const scale = (isLog ? scaleLog() : scaleLinear()).domain(range).range([px.bottom, px.top]);
  const ticks = isLog
    ? logTicks(range, unit)
    : linearTicks(range, {
        unit,
        most: px.bottom - px.top < 120 ? 4 : mostTicks,
        isWhole: isWhole(axis),
      });
  return { range, unit, ticks, isLog, toPx: scale, fromPx: (at) => scale.invert(at) };
}

const isWhole = ({ kind }: Axis): boolean => kind === "round" || kind === "count";

interface TickStyle {
  readonly unit: ShownUnit;
  readonly most: number;
  /** No tick between whole numbers. */
  readonly isWhole?: boolean;
}

/** Round numbers in the unit that is shown: minutes for minutes, not thousands of ms. */
function linearTicks([from, to]: Range, { unit, most, isWhole = false }: TickStyle): Tick[] {
  const scale = scaleLinear().domain([from * unit.factor, to * unit.factor]);
  let shown: number[] = [];
  for (let count = most; count > 0 && (shown.length === 0 || shown.length > most); count--) {
    shown = scale.ticks(count);
  }
  if (isWhole) shown = shown.filter(Number.isInteger);
  const step = (shown[1] ?? 1) - (shown[0] ?? 0);
  const size = Math.max(...shown.map(Math.abs));
  return shown.map((value) => {
    return { value: value / unit.factor, text: tickText(value, step, size) };
  });
}

/** Powers of ten; of few decades also 2 and 5 of each. */
function logTicks([from, to]: Range, unit: ShownUnit): Tick[] {
  const decades = Math.log10(to / from);
  const digits = decades < manyDecades + 0.7 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / mostTicks));
  const first = Math.floor(Math.log10(from) + 1e-9);
  const ticks: Tick[] = [];
  for (let power = first; 10 ** power <= to * (1 + 1e-9); power += every) {
    for (const digit of digits) {
      const value = digit * 10 ** power;
      if (value < from * (1 - 1e-9) || value > to * (1 + 1e-9)) continue;
      const shown = value * unit.factor;
      ticks.push({ value, text: tickText(shown, 10 ** power * unit.factor, shown) });
    }
  }
  return ticks;
}

/** A sideways axis over `left` to `right` in px; rounds say "round" on their first tick, others their unit on the last. */
export function sidewaysScale(
  axis: Axis,
  range: Range,
  px: { left: number; right: number },
): Scale {
  const unit = shownUnit(axis.kind, largest(range));
  const scale = scaleLinear().domain(range).range([px.left, px.right]);
  const count = Math.max(2, Math.round((px.right - px.left) / 70));
  const ticks = linearTicks(range, { unit, most: count, isWhole: isWhole(axis) });
  const named =
    axis.kind === "round" ? roundTicks(ticks, range, count) : withUnitOnLast(ticks, unit.unit);
  return { range, unit, ticks: named, isLog: false, toPx: scale, fromPx: (at) => scale.invert(at) };
}

/** Rounds start at 1, not at a multiple of ten: the first round has a tick, those too close to it have none. */
function roundTicks(ticks: readonly Tick[], [from, to]: Range, count: number): Tick[] {
  const first = Math.ceil(from);
  const room = (to - from) / count / 1.4;
  const rest = ticks.filter(({ value }) => value - first > room);
  return [{ value: first, text: joinTexts("round ", tickText(first, 1)) }, ...rest];
}

const withUnitOnLast = (ticks: readonly Tick[], unit: string): Tick[] =>
  ticks.map((tick, i) =>
    unit !== "" && i === ticks.length - 1
      ? { ...tick, text: joinTexts(tick.text, `\u202F${unit}`) }
      : tick,
  );
