/** Means over seeds with what is known of their uncertainty. */
import { tQuantile } from "./student.ts";

/** A mean with its uncertainty, all in the unit of the values. */
export interface Mean {
  readonly mean: number;
  /** How many values it is of. */
  readonly n: number;
  /** Sample standard deviation, over n - 1; null: a single value has none. */
  readonly deviation: number | null;
  /** Half of the 95 % interval; null: a single value has none. */
  readonly halfWidth: number | null;
}

/** What the 95 % intervals leave out. */
const outside = 0.05;

const factors = new Map<number, number>();

/** The factor of an interval; the same few are asked for every round of every cell. */
function factorFor(degrees: number): number {
  const known = factors.get(degrees) ?? tQuantile(outside, degrees);
  factors.set(degrees, known);
  return known;
}

/** The mean of finite values with Student's 95 % interval; null of none. */
export function meanOf(values: readonly number[]): Mean | null {
  const n = values.length;
  if (n === 0) return null;
  const rough = values.reduce((sum, value) => sum + value, 0) / n;
  // Values that are all alike have a mean that is exactly theirs.
  const mean = rough + values.reduce((sum, value) => sum + (value - rough), 0) / n;
  if (n === 1) return { mean, n, deviation: null, halfWidth: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (n - 1));
  return { mean, n, deviation, halfWidth: (deviation / Math.sqrt(n)) * factorFor(n - 1) };
}
