/** Which of a client's examples it trains on and which it keeps to evaluate: fixed by the texts, alike in their labels. */
import type { Holdout } from "@fedtune/core";
import { rngFromSeed } from "@fedtune/core";

/** What a row's part depends on. */
export interface HoldoutRow {
  /** From {@link drawOf}. */
  readonly draw: number;
  readonly label: string;
}

const stream = rngFromSeed(0).fork("holdout");

/** A number in [0, 1) that depends on the row's texts alone: a row keeps its part when others come or go, mostly. */
export function drawOf(text: string, pair: string | null): number {
  return stream.fork(pair === null ? text : `${text}\u0000${pair}`).uniform();
}

/**
 * One part of the rows, in their order; the other part has exactly the others.
 *
 * `round(fraction x rows)` rows are held out, at least one and never all. Labels have their share of them, rounded by
 * largest remainders, so that both parts have the proportions of the whole; of each label the lowest draws are held out.
 */
export function partOf<Row extends HoldoutRow>(
  rows: readonly Row[],
  { fraction, part }: Holdout,
): readonly Row[] {
  const held = heldOut(rows, fraction);
  return rows.filter((_, index) => held.has(index) === (part === "held-out"));
}

function heldOut(rows: readonly HoldoutRow[], fraction: number): ReadonlySet<number> {
  const byLabel = new Map<string, number[]>();
  rows.forEach(({ label }, index) => {
    const members = byLabel.get(label);
    if (members === undefined) byLabel.set(label, [index]);
    else members.push(index);
  });
  const groups = [...byLabel].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
  const total = Math.min(rows.length - 1, Math.max(1, Math.round(fraction * rows.length)));
  const counts = quotas(
    groups.map((members) => members.length),
    total,
  );
  const drawn = (index: number): number => rows[index]?.draw ?? 0;
  return new Set(
    groups.flatMap((members, group) =>
      members.sort((a, b) => drawn(a) - drawn(b) || a - b).slice(0, counts[group]),
    ),
  );
}

/** Largest remainders: `total` over groups in proportion to their sizes; of equal remainders the larger group comes first. */
function quotas(sizes: readonly number[], total: number): readonly number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const counts = sizes.map((size) => Math.floor((size * total) / all));
  const remainders = sizes
    .map((size, group) => ({ group, size, remainder: (size * total) % all }))
    .sort((a, b) => b.remainder - a.remainder || b.size - a.size || a.group - b.group);
  const left = total - counts.reduce((sum, count) => sum + count, 0);
  for (const { group } of remainders.slice(0, left)) counts[group] = (counts[group] ?? 0) + 1;
  return counts;
}
