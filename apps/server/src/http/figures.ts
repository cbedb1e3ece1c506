/** A run in figures, for lists. */
import type { ItemOf } from "@fedtune/api";
import { isLowerBetter } from "@fedtune/core";
import type { RunConfig } from "@fedtune/core";
import { epsilonAfter, privacySettings } from "@fedtune/dp";
import { hidesPresence } from "./public-history.ts";

/** What lists tell of a run. */
export type RunFigures = ItemOf<"listRuns">["figures"];

/** What figures are made from. */
export interface FigureFacts {
  readonly config: RunConfig;
  readonly committed: number;
  readonly joined: number;
  /** Of all rounds' updates. */
  readonly bytesUp: number;
  /** Round and value of the run's own metric, ascending. */
  readonly points: readonly (readonly [round: number, value: number])[];
}

/** Points of a spark at most. */
const SPARK = 60;

/** Makes them; the accountant takes a tenth of a second for a round that it has not seen. */
export function figuresOf(facts: FigureFacts): RunFigures {
  const { config, joined, bytesUp, points } = facts;
  const { metric } = config.evaluation;
  const best = bestOf(points, metric);
  return {
    best: best === null ? null : { metric, round: best[0], value: best[1] },
    spark: thinned(points, SPARK).map(([round, value]) => [round, value]),
    bytesUp: hidesPresence(config) ? null : bytesUp,
    epsilon: epsilonOf(facts),
    joined,
  };
}

/** The best point of a metric; of two alike the earlier. */
export function bestOf(
  points: FigureFacts["points"],
  metric: string,
): FigureFacts["points"][number] | null {
  const sign = isLowerBetter(metric) ? -1 : 1;
  let best: FigureFacts["points"][number] | null = null;
  for (const point of points) if (best === null || sign * point[1] > sign * best[1]) best = point;
  return best;
}

/** At most so many points, evenly taken; the first and the last stay. */
function thinned<T>(points: readonly T[], most: number): readonly T[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => points[Math.round(at * step)]).filter(
    (point) => point !== undefined,
  );
}

function epsilonOf({ config, committed }: FigureFacts): RunFigures["epsilon"] {
  const settings = privacySettings(config.privacy);
  const spent = epsilonAfter(config, committed);
  const planned = epsilonAfter(config, config.rounds.numRounds);
  if (settings.mode === "none" || spent === null || planned === null) return null;
  return { spent, planned, limit: settings.budget?.epsilon ?? null, delta: settings.delta };
}
