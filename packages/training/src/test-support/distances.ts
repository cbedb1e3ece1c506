/** How far two vectors are apart; nothing of a platform is needed. */

/** Largest absolute difference, relative to the largest value of `expected`. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let scale = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] ?? Number.NaN;
    const distance = Math.abs((actual[index] ?? Number.NaN) - wanted);
    if (!(distance <= difference)) difference = distance;
    scale = Math.max(scale, Math.abs(wanted));
  }
  return difference / scale;
}

/** Euclidean norm of the difference, relative to the norm of `expected`. */
export function relativeNorm(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = actual.length === expected.length ? 0 : Number.NaN;
  let scale = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] ?? Number.NaN;
    difference += ((actual[index] ?? Number.NaN) - wanted) ** 2;
    scale += wanted ** 2;
  }
  return Math.sqrt(difference / scale);
}
