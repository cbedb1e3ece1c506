/** Replay on neighbouring data under the same randomness, as arXiv 2602.17454 does: nothing may move more than declared. */

/** How far a sum moves at most, in L2, when any one of the units is left out. */
export function largestMove<Unit>(
  units: readonly Unit[],
  sumOf: (units: readonly Unit[]) => Float64Array,
): number {
  const whole = sumOf(units);
  return Math.max(
    ...units.map((_, left) =>
      distance(whole, sumOf(units.filter((_unit, index) => index !== left))),
    ),
  );
}

/** Euclidean distance. */
function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0));
}
