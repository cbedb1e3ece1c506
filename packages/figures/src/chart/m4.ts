/**
 * Drawing fewer points than there are without losing what they show: of each pixel column the first, least, greatest and last
 * value are kept (M4: Jugel, Jerzak, Hackenbroich and Markl 2014, doi:10.14778/2732951.2732953). Nothing is drawn by chance.
 */
import type { Band, Numbers, Range } from "./model.ts";

/** Marks a gap between two kept indices. */
export const gap = -1;

/** What is drawn of a line. */
export interface Kept {
  /** Indices in ascending order; `gap` wherever a value is missing between its neighbours. */
  readonly indices: Int32Array;
  /** Infinite values, by index. */
  readonly notFinite: readonly number[];
}

/** Which part of x, in how many columns. */
export interface Columns {
  readonly range: Range;
  readonly columns: number;
  readonly isLog?: boolean;
}

/** Points per column up to which all are drawn. */
const perColumn = 4;

/** The first index with x at or above `value`; `x` ascends. */
export function lowerBound(x: Numbers, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The stretch of indices inside of a range, with one neighbour on either side so that lines reach the edges. */
function stretch(x: Numbers, [from, to]: Range): Range {
  const start = Math.max(0, lowerBound(x, from) - 1);
  let end = lowerBound(x, to);
  while (end < x.length && x[end] === to) end++;
  return [start, Math.min(x.length, end + 1)];
}

const isDrawn = (value: number, isLog: boolean): boolean =>
  Number.isFinite(value) && (!isLog || value > 0);

/** Keeps what a line needs at this width. */
export function decimate(x: Numbers, y: Numbers, view: Columns): Kept {
  const [start, end] = stretch(x, view.range);
  const isLog = view.isLog ?? false;
  const chosen =
    end - start <= perColumn * view.columns
      ? Int32Array.from({ length: end - start }, (_, i) => start + i)
      : extremes(x, y, { ...view, isLog, start, end });
  return withGaps(y, chosen, { start, end, isLog });
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly isLog: boolean;
}

/** First, least, greatest and last drawn value of each column, in ascending order without repeats. */
function extremes(x: Numbers, y: Numbers, view: Columns & Stretch): Int32Array {
  const { range, columns, start, end, isLog } = view;
  const kept = new Int32Array(perColumn * (columns + 2));
  let count = 0;
  let [column, first, least, greatest, last] = [-Infinity, -1, -1, -1, -1];
  const flush = (): void => {
    if (first < 0) return;
    const [low, high] = least < greatest ? [least, greatest] : [greatest, least];
    kept[count++] = first;
    if (low > first) kept[count++] = low;
    if (high > low && high > first) kept[count++] = high;
    if (last > high) kept[count++] = last;
  };
  const scale = columns / (range[1] - range[0]);
  for (let i = start; i < end; i++) {
    const value = y[i] ?? NaN;
    if (!isDrawn(value, isLog)) continue;
    // The neighbours outside of the range have columns of their own.
    const at = Math.min(columns, Math.max(-1, Math.floor(((x[i] ?? 0) - range[0]) * scale)));
    if (at !== column) {
      flush();
      [column, first, least, greatest, last] = [at, i, i, i, i];
      continue;
    }
    if (value < (y[least] ?? 0)) least = i;
    if (value > (y[greatest] ?? 0)) greatest = i;
    last = i;
  }
  flush();
  return kept.subarray(0, count);
}

/** Puts a gap wherever something that is not drawn lies between two kept indices. */
function withGaps(y: Numbers, chosen: Int32Array, { start, end, isLog }: Stretch): Kept {
  const indices = new Int32Array(2 * chosen.length + 1);
  const notFinite: number[] = [];
  let [count, next, isBroken] = [0, 0, false];
  for (let i = start; i < end; i++) {
    const value = y[i] ?? NaN;
    const isWanted = chosen[next] === i;
    if (isWanted) next++;
    if (!isDrawn(value, isLog)) {
      isBroken = true;
      if (Math.abs(value) === Infinity) notFinite.push(i);
    } else if (isWanted) {
      if (isBroken && count > 0) indices[count++] = gap;
      indices[count++] = i;
      isBroken = false;
    }
  }
  return { indices: indices.subarray(0, count), notFinite };
}

/** A band as it is drawn; NaN is a gap. */
export interface KeptBand {
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Of each column the lowest and the highest edge, which is all that a px can show; a gap finer than that is left out. */
export function decimateBand(x: Numbers, band: Band, view: Columns): KeptBand {
  const [start, end] = stretch(x, view.range);
  const isDense = end - start > perColumn * view.columns;
  const scale = view.columns / (view.range[1] - view.range[0]);
  const kept = { x: [] as number[], low: [] as number[], high: [] as number[] };
  const push = (at: number, low: number, high: number): void => {
    kept.x.push(at);
    kept.low.push(low);
    kept.high.push(high);
  };
  let [column, isBroken] = [NaN, false];
  for (let i = start; i < end; i++) {
    const [at, low, high] = [x[i] ?? 0, band.low[i] ?? NaN, band.high[i] ?? NaN];
    if (!Number.isFinite(low + high)) {
      isBroken = true;
      continue;
    }
    const own = isDense ? Math.floor((at - view.range[0]) * scale) : i;
    const last = kept.x.length - 1;
    if (own === column) {
      kept.low[last] = Math.min(kept.low[last] ?? low, low);
      kept.high[last] = Math.max(kept.high[last] ?? high, high);
    } else {
      if (isBroken && last >= 0) push(NaN, NaN, NaN);
      push(at, low, high);
    }
    [column, isBroken] = [own, false];
  }
  return kept;
}

/** Stretches of indices without a gap inside. */
export function* runsOf(indices: Int32Array): Generator<Int32Array> {
  let start = 0;
  for (let i = 0; i <= indices.length; i++) {
    if (i < indices.length && indices[i] !== gap) continue;
    if (i > start) yield indices.subarray(start, i);
    start = i + 1;
  }
}
