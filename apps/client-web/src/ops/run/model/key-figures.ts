/** The four figures that stand above the curves. */
import type { Run } from "./api-types.ts";
import { lastValue } from "./curves.ts";
import type { Curves, Series } from "./curves.ts";
import { median } from "./forecast.ts";
import type { RoundFigures } from "./round-figures.ts";

/** A run's quality now. */
export interface QualityFigure {
  readonly label: string;
  /** A fraction. */
  readonly now: number;
  readonly round: number;
  /** Round and value. */
  readonly spark: readonly (readonly [round: number, value: number])[];
  /** What it was a few evaluations ago; null: too early. */
  readonly before: { readonly round: number; readonly value: number } | null;
  readonly best: { readonly round: number; readonly value: number };
}

/** Evaluations that a change is told over. */
const changeOver = 5;

interface Point {
  readonly round: number;
  readonly value: number;
}

function pointsOf({ rounds }: Curves, { values }: Series): readonly Point[] {
  return values.flatMap((value, at) => (value === null ? [] : { round: rounds[at] ?? 0, value }));
}

/** Null before the first evaluation. */
export function qualityFigure(curves: Curves): QualityFigure | null {
  const series = curves.series.find(({ id }) => id === "evaluation");
  if (series === undefined) return null;
  const points = pointsOf(curves, series);
  const now = points.at(-1);
  if (now === undefined) return null;
  const best = points.reduce((found, point) => (point.value > found.value ? point : found));
  return {
    ...{ label: series.label, now: now.value, round: now.round, best },
    spark: points.map(({ round, value }) => [round, value]),
    before: points.at(-1 - changeOver) ?? null,
  };
}

/** How long a run still takes; ms. */
export interface TimeFigure {
  /** Null: too early, see {@link roundsBeforeForecast}; or the run has ended. */
  readonly leftMs: number | null;
  readonly soFarMs: number | null;
  readonly medianMs: number | null;
  /** Place and seconds of the last rounds. */
  readonly spark: readonly (readonly [place: number, seconds: number])[];
}

/** Rounds after which a time is forecast. */
export const roundsBeforeForecast = 2;
const sparkRounds = 20;

/** From the lengths of the last rounds; `openMs` is how long the one at hand has taken. */
export function timeFigure(
  rows: readonly RoundFigures[],
  run: Pick<Run, "status" | "numRounds" | "committedRounds">,
  openMs: number | null,
): TimeFigure {
  const seconds = rows.flatMap((row) => (row.seconds === null ? [] : row.seconds));
  const recent = seconds.slice(-sparkRounds);
  const middle = median(recent);
  const medianMs = middle === null ? null : middle * 1000;
  const isEarly = run.committedRounds < roundsBeforeForecast || run.status !== "running";
  const left = (run.numRounds - run.committedRounds) * (medianMs ?? 0) - (openMs ?? 0);
  return {
    leftMs: isEarly || medianMs === null ? null : Math.max(left, 0),
    soFarMs:
      seconds.length === 0 ? null : seconds.reduce((sum, one) => sum + one * 1000, openMs ?? 0),
    ...{ medianMs, spark: recent.map((one, at) => [at, one]) },
  };
}

/** The last value of a named line; null: it has none. */
export function lastOf(curves: Curves, id: string): number | null {
  const series = curves.series.find((one) => one.id === id);
  return series === undefined ? null : lastValue(series.values);
}
