/** Clipping: every unit's vector gets a bounded norm before it is added to anything. */

/** What was clipped so far; facts about private data, so they stay where the data is. */
export interface ClipCounts {
  readonly examples: number;
  /** Examples whose norm was above the clip norm. */
  readonly clipped: number;
  /** Examples with a NaN or an infinity; each was added as zero. */
  readonly notFinite: number;
}

/** Adds clipped vectors to a sum. */
export interface Clipper {
  /** L2 distance by which one more, one fewer or one zeroed example can move the sum; in the sum's units. */
  readonly sensitivity: number;
  readonly counts: ClipCounts;
  /**
   * Adds one example's clipped vector to `sum`; returns its norm before clipping, which is not finite when the vector is
   * not, and then nothing was added. Never throws over values: that a step succeeds must not depend on the data.
   *
   * @param example of the same length as `sum`; left as it is
   * @throws RangeError when the lengths differ
   */
  addTo(sum: Float64Array, example: Float32Array): number;
}

/** min(1, clipNorm / norm); 1 for a norm of zero, 0 for one that is not finite. */
export function clipFactor(norm: number, clipNorm: number): number {
  if (!Number.isFinite(norm)) return 0;
  return norm <= clipNorm ? 1 : clipNorm / norm;
}

/** Sum of squares of `values[start, end)` in float64; not finite exactly when one of the float32 values is not. */
export function squaredNorm(values: Float32Array, start = 0, end: number = values.length): number {
  // Four sums, so that one addition need not wait for the one before.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const v0 = values[i] ?? 0;
    const v1 = values[i + 1] ?? 0;
    const v2 = values[i + 2] ?? 0;
    const v3 = values[i + 3] ?? 0;
    a += v0 * v0;
    b += v1 * v1;
    c += v2 * v2;
    d += v3 * v3;
  }
  for (; i < end; i++) {
    const value = values[i] ?? 0;
    a += value * value;
  }
  return a + b + (c + d);
}

/** Counts what a clipper saw. */
export function clipCounter(): {
  readonly counts: ClipCounts;
  readonly count: (norm: number, wasClipped: boolean) => void;
} {
  const counts = { examples: 0, clipped: 0, notFinite: 0 };
  return {
    counts,
    count(norm, wasClipped) {
      counts.examples += 1;
      if (!Number.isFinite(norm)) counts.notFinite += 1;
      else if (wasClipped) counts.clipped += 1;
    },
  };
}

/** Throws RangeError unless both vectors are equally long. */
export function checkLengths(sum: Float64Array, example: Float32Array): void {
  if (sum.length !== example.length) {
    throw new RangeError(`Cannot add ${example.length} values to a sum of ${sum.length}`);
  }
}

/** Throws RangeError unless `clipNorm` is finite and above zero. */
export function checkClipNorm(clipNorm: number): void {
  if (!(Number.isFinite(clipNorm) && clipNorm > 0)) {
    throw new RangeError(`Cannot clip to norm ${clipNorm}: wanted a finite number above 0`);
  }
}
