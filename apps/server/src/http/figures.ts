/** Runs in figures, for lists. */
import type { ItemOf } from "@fedtune/api";
import { canonicalJson, isLowerBetter } from "@fedtune/core";
import type { RunConfig, SeriesPoint, Store, StoredRun } from "@fedtune/core";
import { epsilonAfter, privacySettings } from "@fedtune/dp";
import { setImmediate } from "node:timers/promises";
import { hidesPresence } from "./public-history.ts";

/** What lists tell of a run. */
export type RunFigures = ItemOf<"listRuns">["figures"];

/** Makes the figures of runs; what does not change is not made anew. */
export type FiguresOf = (run: StoredRun) => Promise<RunFigures>;

type Progress = Pick<RunFigures, "best" | "spark" | "epsilon">;

/** Points of a spark at most. */
const SPARK = 60;
/** Runs and plans that are remembered. */
const KEPT = 5_000;

/** Makes the maker; it remembers by run, and what noise costs by what is done with it. */
export function runFigures(store: Pick<Store, "getSeries">): FiguresOf {
  const known = bounded<{ readonly at: string; readonly progress: Progress }>();
  const epsilons = bounded<number | null>();
  return async (run) => {
    const config = run.config as RunConfig;
    const { id, createdAt, rounds, evaluated, joined, bytesUp } = run;
    const at = `${createdAt} ${rounds} ${evaluated ?? "none"}`;
    const before = known.get(id);
    const progress =
      before?.at === at ? before.progress : await progressOf({ store, epsilons }, run, config);
    known.set(id, { at, progress });
    return { ...progress, joined, bytesUp: hidesPresence(config) ? null : bytesUp };
  };
}

interface Sources {
  readonly store: Pick<Store, "getSeries">;
  readonly epsilons: Bounded<number | null>;
}

async function progressOf(
  { store, epsilons }: Sources,
  { id, rounds }: StoredRun,
  config: RunConfig,
): Promise<Progress> {
  const { metric } = config.evaluation;
  const of = { section: "evaluation", name: metric } as const;
  // A round is a 32-bit integer of the database.
  const points = await store.getSeries(id, { of, from: 0, to: 0x7fff_ffff });
  const best = bestOf(points, metric);
  return {
    best: best === null ? null : { metric, round: best[0], value: best[1] },
    spark: evenly(points, SPARK).map(([round, value]) => [round, value]),
    epsilon: await epsilonOf(epsilons, config, rounds),
  };
}

/** The best point of a metric; of two alike the earlier. */
export function bestOf(points: readonly SeriesPoint[], metric: string): SeriesPoint | null {
  const sign = isLowerBetter(metric) ? -1 : 1;
  let best: SeriesPoint | null = null;
  for (const point of points) if (best === null || sign * point[1] > sign * best[1]) best = point;
  return best;
}

/** At most so many points, evenly taken; the first and the last stay. */
function evenly<T>(points: readonly T[], most: number): readonly T[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => points[Math.round(at * step)]).filter(
    (point) => point !== undefined,
  );
}

async function epsilonOf(
  epsilons: Sources["epsilons"],
  config: RunConfig,
  rounds: number,
): Promise<RunFigures["epsilon"]> {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none") return null;
  const plan = canonicalJson([config.privacy, config.rounds, config.training]);
  const after = async (round: number): Promise<number> => {
    const key = `${round} ${plan}`;
    const known = epsilons.get(key);
    if (known !== undefined) return known ?? 0;
    // Tens of milliseconds of arithmetic: others are let in before it.
    await setImmediate();
    const epsilon = epsilonAfter(config, round);
    epsilons.set(key, epsilon);
    return epsilon ?? 0;
  };
  const [spent, planned] = [await after(rounds), await after(config.rounds.numRounds)];
  return { spent, planned, limit: settings.budget?.epsilon ?? null, delta: settings.delta };
}

interface Bounded<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** Remembers so many; who was not asked about for longest goes first. */
function bounded<Value>(): Bounded<Value> {
  const kept = new Map<string, Value>();
  return {
    get(key) {
      const value = kept.get(key);
      if (value === undefined) return undefined;
      kept.delete(key);
      kept.set(key, value);
      return value;
    },
    set(key, value) {
      kept.delete(key);
      kept.set(key, value);
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    },
  };
}
