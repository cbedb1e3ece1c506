/** Labels of a file as its rows are read: how often each of the run's occurs, and which ones the run does not know. */
import { nearest } from "@fedtune/core";
import type { LabelCount, UnknownLabel } from "../file-report.ts";

/** Labels that are told one by one. */
const MOST_UNKNOWN = 20;

/** Counts so far. */
export interface LabelTally {
  /** The run's label for the file's own, counted; null: the run does not know it. */
  read(own: string, line: number): string | null;
  /** In the run's order, zeros included. */
  counts(): readonly LabelCount[];
  /** The most frequent first. */
  unknown(): readonly UnknownLabel[];
  unknownRows(): number;
}

/** Starts at zero. `meant` has the run's label for some of the file's. */
export function labelTally(
  labels: readonly string[],
  meant: Readonly<Record<string, string>>,
): LabelTally {
  const counts = new Map(labels.map((label) => [label, 0]));
  const unknown = new Map<string, { rows: number; line: number }>();
  let unknownRows = 0;
  return {
    read(own, line) {
      const label = Object.hasOwn(meant, own) ? (meant[own] ?? own) : own;
      const count = counts.get(label);
      if (count !== undefined) {
        counts.set(label, count + 1);
        return label;
      }
      const first = unknown.get(own) ?? { rows: 0, line };
      unknown.set(own, { ...first, rows: first.rows + 1 });
      unknownRows += 1;
      return null;
    },
    counts: () => labels.map((label) => ({ label, rows: counts.get(label) ?? 0 })),
    unknown: () =>
      [...unknown]
        .map(([label, first]) => ({ label, ...first }))
        .toSorted((a, b) => b.rows - a.rows || a.line - b.line)
        .slice(0, MOST_UNKNOWN)
        .map((found) => ({ ...found, nearest: nearest(found.label, labels) })),
    unknownRows: () => unknownRows,
  };
}
