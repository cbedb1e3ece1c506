/** What a chart says, in words: for those who hear it, and for the tooltip of those who point. */
import { plainText, type Text } from "../text.ts";
import type { LineChart, Series } from "./model.ts";
import { lowerBound } from "./m4.ts";
import { spokenValue, valueText } from "./number-kind.ts";

interface Landmarks {
  readonly first: number;
  readonly last: number;
  readonly best: number;
}

/** Indices of the first, the last and the best value; null: there is none. */
function landmarks({ better }: LineChart, { y }: Series): Landmarks | null {
  let [first, last, best] = [-1, -1, -1];
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    if (first < 0) first = best = i;
    const before = y[best] ?? NaN;
    if (better === "lower" ? value < before : value > before) best = i;
    last = i;
  }
  return first < 0 ? null : { first, last, best };
}

/** Where on x, in words: "round 27", "1.2 MB sent per client". */
export function placeText({ x }: LineChart, value: number): string {
  const text = spokenValue(x.kind, value);
  return x.kind === "round" ? `${x.name} ${text}` : `${text} ${x.name}`;
}

function seriesSentence(chart: LineChart, series: Series): string {
  const found = landmarks(chart, series);
  if (found === null) return `${series.label}: no value yet`;
  const { first, last, best } = found;
  const say = (index: number): string =>
    `${spokenValue(chart.y.kind, series.y[index] ?? NaN)} at ${placeText(chart, series.x[index] ?? 0)}`;
  if (first === last) return `${series.label}: ${say(first)}`;
  const top = chart.better === undefined ? "" : `, best ${say(best)}`;
  return `${series.label}: first ${say(first)}, last ${say(last)}${top}`;
}

/** The chart in one paragraph: what it shows, of each line first, last and best, and its limits. */
export function chartSentence(chart: LineChart): string {
  const unit = chart.subtitle === undefined ? "" : `, ${plainText(chart.subtitle)}`;
  const lines = chart.series.map((series) => seriesSentence(chart, series));
  const rules = (chart.rules ?? []).map(({ label }) => label);
  return `${[`${chart.title}${unit}`, ...lines, ...rules].join(". ")}.`;
}

/** A line's value at a place. */
export interface ReadValue {
  readonly series: Series;
  readonly index: number;
  /** With its unit. */
  readonly text: Text;
  /** Band, n and standard error, as far as it has them. */
  readonly detail: string;
}

/** The values of all series at `x`, raw; a series without a value there is left out. */
export function readAt(chart: LineChart, x: number): ReadValue[] {
  return chart.series.flatMap((series) => {
    const index = lowerBound(series.x, x);
    const value = series.x[index] === x ? (series.y[index] ?? NaN) : NaN;
    if (Number.isNaN(value)) return [];
    const text = valueText(chart.y.kind, value);
    return [{ series, index, text, detail: detailAt(chart, series, index) }];
  });
}

function detailAt(chart: LineChart, { band, n, standardError }: Series, index: number): string {
  const { kind } = chart.y;
  const [low, high] = [band?.low[index] ?? NaN, band?.high[index] ?? NaN];
  const parts = [
    Number.isNaN(low + high) ? "" : `${spokenValue(kind, low)} to ${spokenValue(kind, high)}`,
    n === undefined ? "" : `n = ${spokenValue("count", n[index] ?? NaN)}`,
    standardError === undefined
      ? ""
      : `standard error ${spokenValue(kind, standardError[index] ?? NaN)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** What the live region says at a place: "Round 12, Clients 76.3 %". */
export function readingSentence(chart: LineChart, x: number): string {
  const place = placeText(chart, x);
  const values = readAt(chart, x).map(({ series, text }) => `${series.label} ${plainText(text)}`);
  const said = values.length === 0 ? "no value" : values.join(", ");
  return `${place.charAt(0).toUpperCase()}${place.slice(1)}, ${said}`;
}

/** The nearest x that any series has, for a pointer between two of them; null: there is none. */
export function nearestX(chart: LineChart, x: number): number | null {
  let best: number | null = null;
  for (const series of chart.series) {
    const index = lowerBound(series.x, x);
    for (const candidate of [series.x[index - 1], series.x[index]]) {
      if (candidate === undefined) continue;
      if (best === null || Math.abs(candidate - x) < Math.abs(best - x)) best = candidate;
    }
  }
  return best;
}

/** The x of any series before (-1) or after (+1) `x`; itself at the end. */
export function stepX(chart: LineChart, x: number, direction: -1 | 1): number {
  let next = x;
  for (const series of chart.series) {
    const index = lowerBound(series.x, x);
    const candidate =
      direction < 0 ? series.x[index - 1] : series.x[series.x[index] === x ? index + 1 : index];
    if (candidate === undefined) continue;
    const isNearer = next === x || Math.abs(candidate - x) < Math.abs(next - x);
    if (candidate !== x && isNearer) next = candidate;
  }
  return next;
}

/** What the foot adds by itself: what could not be drawn, and smoothing. */
export function footNotes(chart: LineChart): string {
  const isLog = chart.y.scale === "log";
  let [notFinite, notPositive] = [0, 0];
  for (const { y } of chart.series) {
    for (const value of y) {
      if (Math.abs(value) === Infinity) notFinite++;
      else if (isLog && value <= 0) notPositive++;
    }
  }
  const count = (n: number): string => `${spokenValue("count", n)} value${n === 1 ? "" : "s"}`;
  const notes = [
    notFinite > 0 ? `Not finite: ${count(notFinite)}, crosses on the upper edge.` : "",
    notPositive > 0 ? `Not drawn: ${count(notPositive)} at or below 0.` : "",
    chart.halfLife === undefined
      ? ""
      : `Smoothed, half-life ${spokenValue(chart.x.kind, chart.halfLife)} ${chart.x.name}s; the raw line is pale.`,
  ];
  return notes.filter((note) => note !== "").join(" ");
}
