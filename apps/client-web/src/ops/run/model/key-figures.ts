/** The four figures that stand above the curves. */
import type { Run } from "./api-types.ts";
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

/** How long the rounds of a run have taken; ms. */
export interface Pace {
  /** All of them together; null: hidden, or none yet. */
  readonly totalMs: number | null;
  /** Of the last ones. */
  readonly medianMs: number | null;
  readonly spark: TimeFigure["spark"];
}

/** The pace of the committed rounds. */
export function paceOf(rows: readonly RoundFigures[]): Pace {
  let totalMs: number | null = null;
  for (const { seconds } of rows) if (seconds !== null) totalMs = (totalMs ?? 0) + seconds * 1000;
  const recent = rows.slice(-sparkRounds).flatMap(({ seconds }) => seconds ?? []);
  const middle = median(recent);
  return {
    ...{ totalMs, medianMs: middle === null ? null : middle * 1000 },
    spark: recent.map((one, at) => [at, one]),
  };
}

/** From the pace; `openMs` is how long the round at hand has taken. */
export function timeFigure(
  { totalMs, medianMs, spark }: Pace,
  run: Pick<Run, "status" | "numRounds" | "committedRounds">,
  openMs: number | null,
): TimeFigure {
  const isEarly = run.committedRounds < roundsBeforeForecast || run.status !== "running";
  const left = (run.numRounds - run.committedRounds) * (medianMs ?? 0) - (openMs ?? 0);
  return {
    leftMs: isEarly || medianMs === null ? null : Math.max(left, 0),
    soFarMs: totalMs === null ? null : totalMs + (openMs ?? 0),
    ...{ medianMs, spark },
  };
}
