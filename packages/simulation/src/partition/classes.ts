import type { Rng } from "@fedtune/core";
import { apportion, blocks } from "./apportion.ts";

/** Rows of each label that occurs, ascending by label; rows in order. */
export function rowsByLabel(labels: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const classes = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const rows = classes.get(label);
    if (rows === undefined) classes.set(label, [row]);
    else rows.push(row);
  });
  return new Map([...classes].sort(([a], [b]) => a - b));
}

/** Row indices 0 to count - 1 in random order. */
export function shuffledRows(count: number, rng: Rng): number[] {
  return rng.shuffle(Array.from({ length: count }, (_, row) => row));
}

/** One class and the clients' shares of it. */
export interface SharedClass {
  readonly rows: readonly number[];
  readonly shares: readonly number[];
  /** Stream of this class. */
  readonly rng: Rng;
}

/** Deals each class by its shares: rows shuffled, then consecutive blocks by largest remainder. */
export function dealClasses(classes: readonly SharedClass[], clients: number): number[][] {
  const dealt = Array.from({ length: clients }, (): number[] => []);
  for (const { rows, shares, rng } of classes) {
    const shuffled = rng.shuffle([...rows]);
    const parts = blocks(shuffled, apportion(rows.length, shares));
    parts.forEach((part, client) => dealt[client]?.push(...part));
  }
  return dealt;
}
