/** Charts as plain data: what is drawn, not how. Pages, exports and reports draw the same figure from it. */
import type { ColourToken, SeriesStyle } from "../palette.ts";
import type { Text } from "../text.ts";

/** Numbers in order; typed arrays and plain ones alike. */
export type Numbers = ArrayLike<number> & Iterable<number>;

/**
 * What an axis counts, and so how its values are written. Values are in base units: `fraction` 0 to 1 (shown as per cent),
 * `bytes` in bytes, `duration` in milliseconds, `loss` in nats, `ratio` for small relative errors.
 */
export type NumberKind =
  "round" | "count" | "number" | "fraction" | "bytes" | "duration" | "epsilon" | "loss" | "ratio";

/** An axis. */
export interface Axis {
  readonly kind: NumberKind;
  /** In the table, the exports and the sentences ("round", "sent per client"). */
  readonly name: string;
  /** `log` only upwards; values at or below 0 are then not drawn but counted. */
  readonly scale?: "linear" | "log" | undefined;
  /** Values that the axis must reach, beside the data; for a known length, give both ends. */
  readonly includes?: readonly number[] | undefined;
  /** Cuts the axis there whatever the data are. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** How widely what is drawn is spread; the foot says which spread it is. */
export interface Band {
  readonly low: Numbers;
  readonly high: Numbers;
}

/** A line. NaN is a gap over which nothing is joined; an infinity is drawn as a cross on the upper edge. */
export interface Series {
  readonly id: string;
  readonly label: string;
  /** Ascending. */
  readonly x: Numbers;
  /** As long as `x`, and so are all others. */
  readonly y: Numbers;
  readonly style: SeriesStyle;
  readonly band?: Band | undefined;
  /** How many clients or seeds a value stands for. */
  readonly n?: Numbers | undefined;
  readonly standardError?: Numbers | undefined;
  /** At the line's end instead of label and last value; null: nothing. */
  readonly endLabel?: string | null | undefined;
  /** A dot at every value; for at most 40 of them. */
  readonly hasPoints?: boolean | undefined;
}

/** A dashed line across with its name: a limit, a quorum, a target. */
export interface Rule {
  readonly y: number;
  readonly label: string;
  readonly colour: ColourToken;
}

/** A dotted line upwards with its word: now, missed. */
export interface Mark {
  readonly x: number;
  readonly label: string;
  /** Where the word stands; default: above, at the right of its line. */
  readonly side?: "left" | "right" | undefined;
  readonly place?: "top" | "bottom" | undefined;
}

/** Lines over rounds, bytes, epsilon or time. */
export interface LineChart {
  readonly title: string;
  /** The unit. */
  readonly subtitle?: Text | undefined;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly rules?: readonly Rule[] | undefined;
  readonly marks?: readonly Mark[] | undefined;
  /** What is drawn: who, mean or percentile, n, noise. */
  readonly foot: Text;
  /** What the bands are, for the table and the tooltip ("10th to 90th percentile"). */
  readonly bandName?: string | undefined;
  /** Which way is good, for "best"; absent: neither. */
  readonly better?: "higher" | "lower" | undefined;
  /** Draws each line smoothed over so much of x, the raw one paler below; never in tables and exports of values. */
  readonly halfLife?: number | undefined;
}

/** Where figures come from; inside of every export. */
export interface Provenance {
  readonly run: string;
  readonly configHash: string;
  /** ISO 8601. */
  readonly at: string;
  /** Set on simulated runs: their figures say so. */
  readonly isSimulation?: boolean | undefined;
}

/** A box in px. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Two ends, ascending. */
export type Range = readonly [from: number, to: number];

/** A metric's values as they come: rounds that may be missing, or sent twice. */
export type RoundValue = readonly [round: number, value: number | null];

/**
 * Values by round as a line: one x for each round from the first to the last, missing ones are gaps, of a repeated one the
 * later value counts.
 */
export function seriesByRound(values: Iterable<RoundValue>): { x: Float64Array; y: Float64Array } {
  const byRound = new Map<number, number>();
  let [first, last] = [Infinity, -Infinity];
  for (const [round, value] of values) {
    byRound.set(round, value ?? NaN);
    first = Math.min(first, round);
    last = Math.max(last, round);
  }
  const length = byRound.size === 0 ? 0 : last - first + 1;
  return {
    x: Float64Array.from({ length }, (_, i) => first + i),
    y: Float64Array.from({ length }, (_, i) => byRound.get(first + i) ?? NaN),
  };
}
