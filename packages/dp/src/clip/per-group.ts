import type { FactorRole, Layout } from "@fedtune/core";
import { checkClipNorm, checkLengths, clipCounter, clipFactor, squaredNorm } from "./clipper.ts";
import type { Clipper } from "./clipper.ts";

/** Parts of a vector that are clipped together. */
export interface ClipGroup {
  readonly clipNorm: number;
  /** Half-open ranges `[start, end)` of the flat vector. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

/**
 * Clips every group to its own norm. The sensitivity of the whole is the root of the sum of the squared clip norms.
 *
 * @throws RangeError unless the ranges cover each value of a vector of `length` exactly once
 */
export function perGroupClip(groups: readonly ClipGroup[], length: number): Clipper {
  for (const { clipNorm } of groups) checkClipNorm(clipNorm);
  checkCover(groups, length);
  const { counts, count } = clipCounter();
  const norms = new Float64Array(groups.length);
  return {
    sensitivity: Math.sqrt(groups.reduce((sum, { clipNorm }) => sum + clipNorm * clipNorm, 0)),
    counts,
    addTo(sum, example) {
      checkLengths(sum, example);
      let squared = 0;
      let isClipped = false;
      groups.forEach((group, index) => {
        const own = squaredNormOf(example, group);
        squared += own;
        norms[index] = Math.sqrt(own);
        isClipped ||= (norms[index] ?? 0) > group.clipNorm;
      });
      const norm = Math.sqrt(squared);
      count(norm, isClipped);
      // A whole example is zero when any of its groups has a value that is not finite.
      if (!Number.isFinite(norm)) return norm;
      groups.forEach((group, index) => {
        addScaled(sum, example, { group, factor: clipFactor(norms[index] ?? 0, group.clipNorm) });
      });
      return norm;
    },
  };
}

/**
 * One group per role: for LoRA all A together and all B together, because their gradients differ in size (B starts at
 * zero). Each of the m groups gets clipNorm / sqrt(m), so that the sensitivity of the whole is `clipNorm`.
 *
 * Roles of the layout that `roles` does not name are not trained and must not be in the vector: see `selectRoles`.
 */
export function groupsByRole(
  layout: Layout,
  roles: readonly FactorRole[],
  { clipNorm }: { readonly clipNorm: number },
): readonly ClipGroup[] {
  const rangesByRole = roles
    .map((role) =>
      layout.factors
        .filter((factor) => factor.role === role)
        .map(({ offset, size }) => ({ start: offset, end: offset + size })),
    )
    .filter((ranges) => ranges.length > 0);
  const share = clipNorm / Math.sqrt(rangesByRole.length);
  return rangesByRole.map((ranges) => ({ clipNorm: share, ranges }));
}

function squaredNormOf(example: Float32Array, { ranges }: ClipGroup): number {
  let sum = 0;
  for (const { start, end } of ranges) sum += squaredNorm(example, start, end);
  return sum;
}

function addScaled(
  sum: Float64Array,
  example: Float32Array,
  { group, factor }: { readonly group: ClipGroup; readonly factor: number },
): void {
  for (const { start, end } of group.ranges) {
    for (let i = start; i < end; i++) sum[i] = (sum[i] ?? 0) + factor * (example[i] ?? 0);
  }
}

function checkCover(groups: readonly ClipGroup[], length: number): void {
  const ranges = groups.flatMap((group) => group.ranges).toSorted((a, b) => a.start - b.start);
  let covered = 0;
  for (const { start, end } of ranges) {
    if (start !== covered || end < start) {
      throw new RangeError(
        `Cannot clip by groups: range [${start}, ${end}) follows value ${covered}, wanted no gap and no overlap`,
      );
    }
    covered = end;
  }
  if (covered !== length) {
    throw new RangeError(`Cannot clip by groups: they cover ${covered} of ${length} values`);
  }
}
