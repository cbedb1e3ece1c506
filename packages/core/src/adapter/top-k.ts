/**
 * The values of largest magnitude: what a sparse message keeps.
 *
 * Selection works on the bits: without its sign, a float32 orders as its bits do as an integer. Three histograms of
 * 11, 10 and 10 bits give the magnitude at the border in four passes over the values, whatever they are. No sort, no
 * pivots, and no input that is slow (hot loops count, since iterators cost ten times as much). Equal magnitudes: the
 * lower position is kept. -0 and 0 are equal.
 */
import type { Sparsify } from "../method.ts";
import type { Factor, FactorRole, Layout } from "./layout.ts";

/** Values that are ranked together. */
interface RankedGroup {
  readonly factors: readonly Factor[];
  readonly size: number;
  readonly kept: number;
}

/** What is kept of a group: all above the border, and of those on it the first `ties`. */
interface Border {
  /** Bits of the magnitude. */
  readonly magnitude: number;
  ties: number;
}

const MAGNITUDE_BITS = 0x7fffffff;
/** How each pass cuts the 31 bits, from the highest on. */
const DIGITS = [
  { shift: 20, width: 11 },
  { shift: 10, width: 10 },
  { shift: 0, width: 10 },
] as const;

/**
 * Ascending positions of the `count` values of largest magnitude. Values are no NaN.
 *
 * @throws RangeError when `count` is no integer from 0 to the number of values
 */
export function largest(values: Float32Array, count: number): Uint32Array {
  if (!Number.isInteger(count) || count < 0 || count > values.length) {
    throw new RangeError(
      `Cannot choose ${count} of ${values.length} values, wanted an integer from 0 to ${values.length}`,
    );
  }
  const positions = new Uint32Array(count);
  if (count === 0) return positions;
  const bits = bitsOf(values);
  const border = borderOf([bits], count);
  collect(bits, { border, offset: 0, at: 0, positions });
  return positions;
}

/**
 * How many values of a packed vector travel: all of the roles that are not ranked, and of each group that is ranked
 * together floor(density x size), at least 1. Both sides know it before anything is sent.
 */
export function keptCount(packed: Layout, sparsify: Sparsify): number {
  const ranked = groupsOf(packed, sparsify);
  const dense = ranked.reduce((size, group) => size - group.size, packed.size);
  return ranked.reduce((sum, { kept }) => sum + kept, dense);
}

/**
 * Ascending positions of the values that travel, `[keptCount(packed, sparsify)]`. Values, `[packed.size]`, are no NaN.
 *
 * @throws RangeError when the number of values is not the layout's
 */
export function supportOf(packed: Layout, values: Float32Array, sparsify: Sparsify): Uint32Array {
  if (values.length !== packed.size) {
    throw new RangeError(`Cannot thin out ${values.length} values, wanted ${packed.size}`);
  }
  const positions = new Uint32Array(keptCount(packed, sparsify));
  const bits = bitsOf(values);
  const viewOf = ({ offset, size }: Factor) => bits.subarray(offset, offset + size);
  const borders = new Map<Factor, Border>();
  for (const { factors, kept } of groupsOf(packed, sparsify)) {
    const border = borderOf(factors.map(viewOf), kept);
    for (const factor of factors) borders.set(factor, border);
  }
  let at = 0;
  for (const factor of packed.factors) {
    const border = borders.get(factor) ?? { magnitude: -1, ties: 0 };
    at = collect(viewOf(factor), { border, offset: factor.offset, at, positions });
  }
  return positions;
}

/** The values at the positions of a support, in order. */
export function pick(values: Float32Array, support: Uint32Array): Float32Array {
  const picked = new Float32Array(support.length);
  for (let i = 0; i < support.length; i++) picked[i] = values[support[i] ?? 0] ?? 0;
  return picked;
}

/** The whole vector `[length]` of what {@link pick} picked: zero everywhere else. */
export function spread(picked: Float32Array, support: Uint32Array, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < support.length; i++) values[support[i] ?? 0] = picked[i] ?? 0;
  return values;
}

function groupsOf(packed: Layout, { mask, dense, density }: Sparsify): RankedGroup[] {
  const keys = { global: () => "", tensor: ({ name }: Factor) => name, role: roleOf };
  const groups = new Map<string, Factor[]>();
  for (const factor of packed.factors) {
    if (dense.includes(factor.role)) continue;
    const key = keys[mask](factor);
    groups.set(key, [...(groups.get(key) ?? []), factor]);
  }
  return [...groups.values()].map((factors) => {
    const size = factors.reduce((sum, factor) => sum + factor.size, 0);
    return { factors, size, kept: Math.max(1, Math.floor(density * size)) };
  });
}

function roleOf({ role }: Factor): FactorRole {
  return role;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Where the `count` largest of all views together end; `count` is at least 1. */
function borderOf(views: readonly Uint32Array[], count: number): Border {
  let prefix = 0;
  let wanted = count;
  for (const { shift, width } of DIGITS) {
    const counts = new Uint32Array(2 ** width);
    for (const view of views) countDigits(view, { prefix, shift, width, counts });
    let digit = counts.length - 1;
    for (; digit > 0; digit--) {
      const here = counts[digit] ?? 0;
      if (here >= wanted) break;
      wanted -= here;
    }
    prefix = prefix * 2 ** width + digit;
  }
  return { magnitude: prefix, ties: wanted };
}

/** Counts the digits below a prefix, of those magnitudes that have it. */
function countDigits(
  bits: Uint32Array,
  digits: {
    readonly prefix: number;
    readonly shift: number;
    readonly width: number;
    readonly counts: Uint32Array;
  },
): void {
  const { prefix, shift, width, counts } = digits;
  const mask = 2 ** width - 1;
  const above = shift + width;
  const size = bits.length;
  for (let i = 0; i < size; i++) {
    const magnitude = (bits[i] ?? 0) & MAGNITUDE_BITS;
    // A shift by 31 leaves nothing of a magnitude, as the empty prefix wants it.
    if (magnitude >>> above !== prefix) continue;
    const digit = (magnitude >>> shift) & mask;
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
}

/** Writes what the border keeps of one view from `at` on; returns the next free place. */
function collect(
  bits: Uint32Array,
  into: {
    readonly border: Border;
    readonly offset: number;
    readonly at: number;
    readonly positions: Uint32Array;
  },
): number {
  const { border, offset, positions } = into;
  const { magnitude: limit } = border;
  let { at } = into;
  let { ties } = border;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = (bits[i] ?? 0) & MAGNITUDE_BITS;
    if (magnitude < limit || (magnitude === limit && ties-- <= 0)) continue;
    positions[at++] = offset + i;
  }
  border.ties = Math.max(0, ties);
  return at;
}
