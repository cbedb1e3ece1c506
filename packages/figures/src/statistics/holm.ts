/**
 * Holm's correction for many tests (1979): the smallest p times their number, the next times one less, and so on, never
 * decreasing and at most 1. Null stays null and counts for nothing.
 */
export function holm(ps: readonly (number | null)[]): readonly (number | null)[] {
  const known = ps.flatMap((p, at) => (p === null ? [] : { p, at })).sort((a, b) => a.p - b.p);
  const corrected: (number | null)[] = ps.map(() => null);
  let least = 0;
  for (const [rank, { p, at }] of known.entries()) {
    least = Math.max(least, Math.min(1, (known.length - rank) * p));
    corrected[at] = least;
  }
  return corrected;
}
