/** Epsilon over the rounds of a run, from the points that an estimate or a simulation has. */

/** Round and epsilon spent after it, ascending. */
export type EpsilonCurve = readonly (readonly [round: number, epsilon: number])[];

/**
 * Epsilon after a round, on straight lines between the points; null outside of them and without any. Between two points
 * of a curve that bends down this is a little less than the true one, so that nothing is promised by it.
 */
export function epsilonAt(curve: EpsilonCurve, round: number): number | null {
  const [first] = curve;
  if (first === undefined) return null;
  if (round === 0) return 0;
  let [before, after] = [0, curve.length - 1];
  if (round > (curve[after]?.[0] ?? 0)) return null;
  while (before < after) {
    const middle = (before + after) >> 1;
    if ((curve[middle]?.[0] ?? 0) < round) before = middle + 1;
    else after = middle;
  }
  const [x1, y1] = curve[after] ?? first;
  const [x0, y0] = curve[after - 1] ?? [0, 0];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (round - x0)) / (x1 - x0);
}
