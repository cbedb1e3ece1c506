/** How the settings end, and whether what lies between them is real. */
import { holm, meanOf, pairedTests } from "@fedtune/figures";
import type { Mean, PairedTests } from "@fedtune/figures";
import { placesOn } from "../../run/model/axes.ts";
import type { AxisName } from "../../run/model/axes.ts";
import type { ComparedRun, RunGroup } from "./groups.ts";
import { valueOf } from "./metrics.ts";
import type { ComparedMetric } from "./metrics.ts";

/** A row of the table of results. */
export interface GroupResult {
  readonly group: RunGroup;
  readonly value: Mean | null;
  /** Against the first group, on the seeds that both have; null: it is the first, or they share none. */
  readonly against: PairedTests | null;
  /** The t-test's p after Holm's correction; null: there is none. */
  readonly p: number | null;
  /** Of the last round; null: not measured. */
  readonly aggregationError: number | null;
  readonly bytes: number | null;
  readonly epsilon: number | null;
  readonly rounds: number;
}

const lastValue = ({ rows }: ComparedRun, metric: ComparedMetric): number | null => {
  const row = rows.findLast((one) => valueOf(one, metric) !== null);
  return row === undefined ? null : valueOf(row, metric);
};

const known = (values: readonly (number | null)[]): readonly number[] =>
  values.filter((value) => value !== null);

function bySeed({ runs }: RunGroup, metric: ComparedMetric): ReadonlyMap<number, number> {
  return new Map(
    runs.flatMap((run) => {
      const value = lastValue(run, metric);
      return run.seed === null || value === null ? [] : [[run.seed, value] as const];
    }),
  );
}

/** The differences on the seeds that two groups share. */
function differences(group: RunGroup, base: RunGroup, metric: ComparedMetric): readonly number[] {
  const [own, other] = [bySeed(group, metric), bySeed(base, metric)];
  return [...own].flatMap(([seed, value]) => {
    const against = other.get(seed);
    return against === undefined ? [] : value - against;
  });
}

function lastPlace({ runs }: RunGroup, axis: AxisName): number | null {
  return meanOf(known(runs.map(({ rows }) => placesOn(rows, axis).at(-1) ?? null)))?.mean ?? null;
}

function lastError({ runs }: RunGroup): number | null {
  const errors = runs.map(({ rows }) => rows.at(-1)?.aggregationError?.total ?? null);
  return meanOf(known(errors))?.mean ?? null;
}

/** Results of all groups against the first. */
export function resultsOf(
  groups: readonly RunGroup[],
  metric: ComparedMetric,
): readonly GroupResult[] {
  const [base] = groups;
  const tests = groups.map((group) =>
    base === undefined || group === base ? null : pairedTests(differences(group, base, metric)),
  );
  const ps = holm(tests.map((test) => test?.t ?? null));
  return groups.map((group, at) => ({
    group,
    value: meanOf(known(group.runs.map((run) => lastValue(run, metric)))),
    against: tests[at] ?? null,
    p: ps[at] ?? null,
    aggregationError: lastError(group),
    bytes: lastPlace(group, "bytes"),
    epsilon: group.runs[0]?.rows.at(-1)?.epsilon ?? null,
    rounds: Math.max(0, ...group.runs.map(({ rows }) => rows.at(-1)?.round ?? 0)),
  }));
}

const words = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

/** What the p values are, and how little so few seeds show. */
export function testText(results: readonly GroupResult[]): string {
  const tested = results.filter(({ p }) => p !== null);
  const seeds = Math.min(...tested.map(({ against }) => against?.difference.n ?? 0));
  if (tested.length === 0)
    return "No test: it takes at least two runs of each setting with the same seeds.";
  const many = tested.length === 1 ? "" : `, Holm-corrected for ${tested.length} comparisons`;
  const little =
    seeds < 6 ? ` ${words[seeds] ?? String(seeds)} seeds show large differences only.` : "";
  return `p: paired t-test on ${seeds} shared seeds, two-sided${many}.${little}`;
}
