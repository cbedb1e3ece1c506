/**
 * Positions as bits: which `count` of `length` values a sparse vector brings.
 *
 * Two codes, and the shorter one is sent. Parameter 0 is a bitmap: one bit for each position, the lowest bit of a byte
 * first. Parameter M >= 1 is Golomb's code of the gaps: a gap g, the number of positions skipped, is floor(g / M) ones,
 * a zero, and g mod M in truncated binary, from the highest bit of a byte on. Golomb, "Run-length encodings", IEEE
 * Transactions on Information Theory 12 (1966). Either is filled up with zero bits to a multiple of 4 bytes.
 *
 * For gaps of a random support Golomb's code is within 4 % of the entropy n H(d) at densities up to 1/4, and the bitmap
 * bounds the rest: never more than one bit for each position. Hot loops count, since iterators cost ten times as much.
 */
import { refused } from "./blob-header.ts";

/** A coded support. */
export interface SupportCode {
  /** 0: bitmap; otherwise Golomb's M. */
  readonly parameter: number;
  readonly bytes: Uint8Array;
}

/** What a reader knows before it reads. */
export interface SupportSize {
  /** Number of positions there are. */
  readonly length: number;
  /** Number of positions in the support. */
  readonly count: number;
}

/** The most bytes that a support of `length` positions takes. */
export function maxSupportBytes(length: number): number {
  return bytesFor(length);
}

/** Encodes ascending positions below `length` by the shorter code. */
export function encodeSupport(support: Uint32Array, length: number): SupportCode {
  const parameter = bestParameter(support);
  const bits = golombBits(support, parameter);
  if (bytesFor(length) <= bytesFor(bits)) return { parameter: 0, bytes: bitmapOf(support, length) };
  return { parameter, bytes: golombOf(support, { parameter, bits }) };
}

/**
 * Decodes bytes that anyone may have sent into ascending positions, all below `length`.
 *
 * @throws FedtuneError `codec-invalid` when the bits are not exactly one support of this size
 */
export function decodeSupport(code: SupportCode, size: SupportSize): Uint32Array {
  if (size.count > size.length) {
    throw refused("codec-invalid", "support", [size.count, `at most ${size.length} positions`]);
  }
  return code.parameter === 0 ? readBitmap(code.bytes, size) : readGolomb(code, size);
}

function bytesFor(bits: number): number {
  return 4 * Math.ceil(bits / 32);
}

function bitmapOf(support: Uint32Array, length: number): Uint8Array {
  const bytes = new Uint8Array(bytesFor(length));
  const count = support.length;
  for (let i = 0; i < count; i++) {
    const position = support[i] ?? 0;
    bytes[position >>> 3] = (bytes[position >>> 3] ?? 0) | (1 << (position & 7));
  }
  return bytes;
}

function readBitmap(bytes: Uint8Array, { length, count }: SupportSize): Uint32Array {
  if (bytes.length !== bytesFor(length)) {
    throw refused("codec-invalid", "bitmap", [bytes.length, `${bytesFor(length)} bytes`]);
  }
  const support = new Uint32Array(count);
  let found = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (let rest = bytes[at] ?? 0; rest !== 0; rest &= rest - 1) {
      const position = 8 * at + (31 - Math.clz32(rest & -rest));
      if (position >= length) throw outOfRange(position, length);
      if (found === count) throw refused("codec-invalid", "bits set", ["more", count]);
      support[found++] = position;
    }
  }
  if (found !== count) throw refused("codec-invalid", "bits set", [found, count]);
  return support;
}

/** M of the fewest bits that a descent by halves finds, from the best power of two on; integers only. */
function bestParameter(support: Uint32Array): number {
  let best = { parameter: 1, bits: golombBits(support, 1) };
  const attempt = (parameter: number): boolean => {
    const bits = golombBits(support, parameter);
    if (bits >= best.bits) return false;
    best = { parameter, bits };
    return true;
  };
  let power = 2;
  while (power < 2 ** 31 && attempt(power)) power *= 2;
  for (let step = best.parameter >>> 1; step >= 1; step >>>= 1) {
    const { parameter } = best;
    if (!attempt(parameter - step)) attempt(parameter + step);
  }
  return best.parameter;
}

/** Bits of a remainder below M: some take `short`, those from `cut` on one more. */
function remainders(parameter: number): { readonly short: number; readonly cut: number } {
  const short = 31 - Math.clz32(parameter);
  return { short, cut: 2 ** (short + 1) - parameter };
}

function golombBits(support: Uint32Array, parameter: number): number {
  const { short, cut } = remainders(parameter);
  const count = support.length;
  let bits = count * (1 + short);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const position = support[i] ?? 0;
    const gap = position - next;
    const quotient = Math.floor(gap / parameter);
    bits += quotient + (gap - quotient * parameter >= cut ? 1 : 0);
    next = position + 1;
  }
  return bits;
}

function golombOf(
  support: Uint32Array,
  { parameter, bits }: { readonly parameter: number; readonly bits: number },
): Uint8Array {
  const bytes = new Uint8Array(bytesFor(bits));
  const count = support.length;
  const { short, cut } = remainders(parameter);
  let at = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const position = support[i] ?? 0;
    const gap = position - next;
    const quotient = Math.floor(gap / parameter);
    const remainder = gap - quotient * parameter;
    for (let ones = quotient; ones > 0; ones--, at++) setBit(bytes, at);
    at++;
    const isLong = remainder >= cut;
    const width = isLong ? short + 1 : short;
    const code = isLong ? remainder + cut : remainder;
    for (let bit = width - 1; bit >= 0; bit--, at++) if ((code >>> bit) & 1) setBit(bytes, at);
    next = position + 1;
  }
  return bytes;
}

function setBit(bytes: Uint8Array, at: number): void {
  bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) | (0x80 >>> (at & 7));
}

function readGolomb({ parameter, bytes }: SupportCode, size: SupportSize): Uint32Array {
  const { length, count } = size;
  if (parameter > length) {
    throw refused("codec-invalid", "Golomb parameter", [parameter, `at most ${length}`]);
  }
  const { short, cut } = remainders(parameter);
  const reader = bitReader(bytes);
  const support = new Uint32Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const quotient = reader.ones();
    let remainder = reader.bits(short);
    if (remainder >= cut) remainder = 2 * remainder + reader.bits(1) - cut;
    const position = next + quotient * parameter + remainder;
    if (position >= length) throw outOfRange(position, length);
    support[i] = position;
    next = position + 1;
  }
  reader.end();
  return support;
}

/** Reads bits from the highest of a byte on; reading past the end throws. */
function bitReader(bytes: Uint8Array) {
  const end = 8 * bytes.length;
  let at = 0;
  /** The next 25 bits or more at the top of a word; zeros behind the end. */
  const peek = (): number => {
    const from = at >>> 3;
    const word =
      ((bytes[from] ?? 0) << 24) |
      ((bytes[from + 1] ?? 0) << 16) |
      ((bytes[from + 2] ?? 0) << 8) |
      (bytes[from + 3] ?? 0);
    return word << (at & 7);
  };
  const skip = (count: number): void => {
    at += count;
    if (at > end) throw refused("codec-invalid", "support", ["cut short", `${end} bits or more`]);
  };
  const upTo25 = (count: number): number => {
    if (count === 0) return 0;
    const value = peek() >>> (32 - count);
    skip(count);
    return value;
  };
  return {
    /** Counts ones up to the zero that ends them. */
    ones(): number {
      let count = 0;
      for (;;) {
        const run = Math.min(24, Math.clz32(~peek()));
        count += run;
        if (run < 24) {
          skip(run + 1);
          return count;
        }
        skip(24);
      }
    },
    bits(count: number): number {
      if (count <= 24) return upTo25(count);
      const high = upTo25(count - 24);
      return high * 2 ** 24 + upTo25(24);
    },
    /** Nothing but the zero bits that fill the last word may follow. */
    end(): void {
      if (bytes.length !== bytesFor(at)) {
        throw refused("codec-invalid", "support", [`${bytes.length} bytes`, bytesFor(at)]);
      }
      for (; at < end; at++) {
        if (((bytes[at >>> 3] ?? 0) & (0x80 >>> (at & 7))) !== 0) {
          throw refused("codec-invalid", "bits behind the support", ["set", "zero"]);
        }
      }
    },
  };
}

function outOfRange(position: number, length: number): Error {
  return refused("codec-invalid", "position", [position, `below ${length}`]);
}
