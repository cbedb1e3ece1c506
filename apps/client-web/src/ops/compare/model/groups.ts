/** Runs that differ in nothing but their seed stand for one setting. */
import { meanOf } from "@fedtune/figures";
import type { Mean } from "@fedtune/figures";
import { placesOn } from "../../run/model/axes.ts";
import type { AxisName } from "../../run/model/axes.ts";
import type { RoundFigures } from "../../run/model/round-figures.ts";
import { flattened } from "./config-diff.ts";
import type { ConfigJson } from "./config-diff.ts";
import type { ComparedMetric } from "./metrics.ts";
import { valueOf } from "./metrics.ts";

/** A run that is compared. */
export interface ComparedRun {
  /** As it stands in the address. */
  readonly name: string;
  /** As people call it. */
  readonly id: string;
  readonly seed: number | null;
  readonly method: string;
  readonly config: ConfigJson;
  readonly configHash: string;
  readonly rows: readonly RoundFigures[];
  readonly isSimulation: boolean;
}

/** Runs of one setting. */
export interface RunGroup {
  /** Of its first run; the same for as long as that one is in it. */
  readonly id: string;
  readonly label: string;
  readonly runs: readonly ComparedRun[];
}

/** All settings but those that tell repetitions apart. */
function settingKey({ config, id, seed }: ComparedRun): string {
  const settings = [...flattened(config)].filter(([path]) => path !== "name" && path !== "seed");
  // Two runs of the same seed are no repetition of each other.
  return JSON.stringify([settings, seed === null ? id : null]);
}

/** What the names of some runs have in common: `fedsvd-s1` and `fedsvd-s2` are `fedsvd`. */
function commonName(runs: readonly ComparedRun[]): string {
  const [first, ...others] = runs.map(({ id }) => id);
  if (first === undefined) return "";
  if (others.length === 0) return first;
  let length = first.length;
  for (const other of others) {
    while (!other.startsWith(first.slice(0, length))) length -= 1;
  }
  const common = first.slice(0, length).replace(/[-_.]?(seed|s)?[-_.]?$/i, "");
  return common.length >= 3 ? common : (runs[0]?.method ?? first);
}

/** Groups in the order of their first runs; labels that two would share are the names of their first runs. */
export function groupsOf(runs: readonly ComparedRun[]): readonly RunGroup[] {
  const byKey = new Map<string, ComparedRun[]>();
  for (const run of runs) {
    const key = settingKey(run);
    const members = byKey.get(key) ?? [];
    const isRepeated = members.some(({ seed }) => seed === run.seed);
    const own = isRepeated ? `${key}/${run.id}` : key;
    byKey.set(own, [...(byKey.get(own) ?? []), run]);
  }
  const groups = [...byKey.values()].map((members) => ({
    ...{ id: members[0]?.id ?? "", label: commonName(members), runs: members },
  }));
  const isShared = (label: string): boolean =>
    groups.filter((group) => group.label === label).length > 1;
  return groups.map((group) => (isShared(group.label) ? { ...group, label: group.id } : group));
}

/** A point of a group's curve. */
export interface GroupPoint {
  readonly round: number;
  /** Mean over the runs that are known there; null: none. */
  readonly x: number | null;
  readonly y: Mean | null;
}

/** A group's curve over an axis, round by round. */
export function groupCurve(
  { runs }: RunGroup,
  metric: ComparedMetric,
  axis: AxisName,
): readonly GroupPoint[] {
  const all = new Map<number, { readonly xs: number[]; readonly ys: number[] }>();
  for (const { rows } of runs) {
    const places = placesOn(rows, axis);
    for (const [at, row] of rows.entries()) {
      const point = all.get(row.round) ?? { xs: [], ys: [] };
      const [x, y] = [places[at] ?? null, valueOf(row, metric)];
      if (x !== null) point.xs.push(x);
      if (y !== null) point.ys.push(y);
      all.set(row.round, point);
    }
  }
  return [...all]
    .sort(([a], [b]) => a - b)
    .map(([round, { xs, ys }]) => ({ round, x: meanOf(xs)?.mean ?? null, y: meanOf(ys) }));
}

/** The last point of a curve that has a value; null: it has none. */
export function lastPoint(curve: readonly GroupPoint[]): GroupPoint | null {
  return curve.findLast(({ y }) => y !== null) ?? null;
}

/** The config of each group, in their order: that of its first run. */
export function configsOf(groups: readonly RunGroup[]): readonly ConfigJson[] {
  return groups.map(({ runs }) => runs[0]?.config).filter((config) => config !== undefined);
}
