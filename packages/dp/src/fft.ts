/**
 * Fast Fourier transform of complex vectors in float64, for convolving distributions.
 *
 * Radix 4 by decimation in frequency, each butterfly being two radix-2 levels, so that the spectrum comes out in
 * bit-reversed order; the inverse takes it in that order. Nothing is ever reordered: what happens between the two is the
 * same for every frequency, or needs a frequency and its negative, whose place {@link mirrored} tells.
 *
 * Two real vectors share one transform: one as real, the other as imaginary part.
 */

/** A transform of one size. */
export interface Fft {
  readonly size: number;
  /** In place: a vector becomes its spectrum, in bit-reversed order. */
  forward(re: Float64Array, im: Float64Array): void;
  /** In place: a spectrum in bit-reversed order becomes its vector, `size` times too large. */
  inverse(re: Float64Array, im: Float64Array): void;
}

/** Blocks up to this length go level by level; larger ones first to the end of each quarter, which fits a cache. */
const BLOCK = 2048;

/** Where the negative of the frequency at `place` is, in bit-reversed order. */
export function mirrored(place: number): number {
  if (place < 2) return place;
  const block = 1 << (31 - Math.clz32(place));
  return 3 * block - 1 - place;
}

interface Twiddles {
  readonly size: number;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

interface Vector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * A transform of `size`, a power of two, with its factors exp(-2 pi i k / size) computed once.
 *
 * @throws RangeError for another size
 */
export function createFft(size: number): Fft {
  if (!(size >= 1) || !Number.isInteger(Math.log2(size))) {
    throw new RangeError(`Cannot transform ${size} values: wanted a power of two`);
  }
  const twiddles = twiddlesOf(size);
  return {
    size,
    forward: (re, im) => forwardFrom({ re, im }, twiddles, { start: 0, length: size }),
    inverse: (re, im) => inverseFrom({ re, im }, twiddles, { start: 0, length: size }),
  };
}

function twiddlesOf(size: number): Twiddles {
  const count = Math.max(1, (size * 3) / 4);
  const cos = new Float64Array(count);
  const sin = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    cos[k] = Math.cos((2 * Math.PI * k) / size);
    sin[k] = -Math.sin((2 * Math.PI * k) / size);
  }
  return { size, cos, sin };
}

interface Block {
  readonly start: number;
  readonly length: number;
}

/** All butterflies of one length inside a block. */
interface Level extends Block {
  readonly level: number;
}

function forwardFrom(vector: Vector, twiddles: Twiddles, { start, length }: Block): void {
  if (length <= BLOCK) {
    let level = length;
    for (; level >= 4; level /= 4) forwardLevel(vector, twiddles, { start, length, level });
    if (level === 2) pairs(vector, { start, length });
    return;
  }
  forwardLevel(vector, twiddles, { start, length, level: length });
  const quarter = length / 4;
  for (let k = 0; k < 4; k++) {
    forwardFrom(vector, twiddles, { start: start + k * quarter, length: quarter });
  }
}

function inverseFrom(vector: Vector, twiddles: Twiddles, { start, length }: Block): void {
  if (length <= BLOCK) {
    const odd = Math.log2(length) % 2 === 1;
    if (odd) pairs(vector, { start, length });
    for (let level = odd ? 8 : 4; level <= length; level *= 4) {
      inverseLevel(vector, twiddles, { start, length, level });
    }
    return;
  }
  const quarter = length / 4;
  for (let k = 0; k < 4; k++) {
    inverseFrom(vector, twiddles, { start: start + k * quarter, length: quarter });
  }
  inverseLevel(vector, twiddles, { start, length, level: length });
}

/** Butterflies of length two; they are their own inverse up to the scale. */
function pairs({ re, im }: Vector, { start, length }: Block): void {
  for (let i = start; i < start + length; i += 2) {
    const a = re[i] ?? 0;
    const b = re[i + 1] ?? 0;
    const c = im[i] ?? 0;
    const d = im[i + 1] ?? 0;
    re[i] = a + b;
    re[i + 1] = a - b;
    im[i] = c + d;
    im[i + 1] = c - d;
  }
}

function forwardLevel(
  { re, im }: Vector,
  { size, cos, sin }: Twiddles,
  { start, length, level }: Level,
): void {
  const quarter = level / 4;
  const stride = size / level;
  for (let j = 0; j < quarter; j++) {
    const k = j * stride;
    const c1 = cos[k] ?? 0;
    const s1 = sin[k] ?? 0;
    const c2 = cos[2 * k] ?? 0;
    const s2 = sin[2 * k] ?? 0;
    const c3 = cos[3 * k] ?? 0;
    const s3 = sin[3 * k] ?? 0;
    for (let i0 = start + j; i0 < start + length; i0 += level) {
      const i1 = i0 + quarter;
      const i2 = i1 + quarter;
      const i3 = i2 + quarter;
      const a0 = re[i0] ?? 0;
      const a1 = re[i1] ?? 0;
      const a2 = re[i2] ?? 0;
      const a3 = re[i3] ?? 0;
      const b0 = im[i0] ?? 0;
      const b1 = im[i1] ?? 0;
      const b2 = im[i2] ?? 0;
      const b3 = im[i3] ?? 0;
      const p = a0 + a2;
      const q = a1 + a3;
      const u = b0 + b2;
      const v = b1 + b3;
      re[i0] = p + q;
      im[i0] = u + v;
      re[i1] = (p - q) * c2 - (u - v) * s2;
      im[i1] = (p - q) * s2 + (u - v) * c2;
      const x = a0 - a2;
      const y = a1 - a3;
      const e = b0 - b2;
      const f = b1 - b3;
      re[i2] = (x + f) * c1 - (e - y) * s1;
      im[i2] = (x + f) * s1 + (e - y) * c1;
      re[i3] = (x - f) * c3 - (e + y) * s3;
      im[i3] = (x - f) * s3 + (e + y) * c3;
    }
  }
}

function inverseLevel(
  { re, im }: Vector,
  { size, cos, sin }: Twiddles,
  { start, length, level }: Level,
): void {
  const quarter = level / 4;
  const stride = size / level;
  for (let j = 0; j < quarter; j++) {
    const k = j * stride;
    const c1 = cos[k] ?? 0;
    const s1 = sin[k] ?? 0;
    const c2 = cos[2 * k] ?? 0;
    const s2 = sin[2 * k] ?? 0;
    const c3 = cos[3 * k] ?? 0;
    const s3 = sin[3 * k] ?? 0;
    for (let i0 = start + j; i0 < start + length; i0 += level) {
      const i1 = i0 + quarter;
      const i2 = i1 + quarter;
      const i3 = i2 + quarter;
      const y0 = re[i0] ?? 0;
      const y1 = re[i1] ?? 0;
      const y2 = re[i2] ?? 0;
      const y3 = re[i3] ?? 0;
      const z0 = im[i0] ?? 0;
      const z1 = im[i1] ?? 0;
      const z2 = im[i2] ?? 0;
      const z3 = im[i3] ?? 0;
      const t2 = y1 * c2 + z1 * s2;
      const w2 = z1 * c2 - y1 * s2;
      const t1 = y2 * c1 + z2 * s1;
      const w1 = z2 * c1 - y2 * s1;
      const t3 = y3 * c3 + z3 * s3;
      const w3 = z3 * c3 - y3 * s3;
      const p = y0 + t2;
      const q = y0 - t2;
      const u = z0 + w2;
      const v = z0 - w2;
      const x = t1 + t3;
      const y = t1 - t3;
      const e = w1 + w3;
      const f = w1 - w3;
      re[i0] = p + x;
      im[i0] = u + e;
      re[i2] = p - x;
      im[i2] = u - e;
      re[i1] = q - f;
      im[i1] = v + y;
      re[i3] = q + f;
      im[i3] = v - y;
    }
  }
}
