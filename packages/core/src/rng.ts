/**
 * Named random streams from a counter-based generator.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Not for keys or
 * privacy noise: those come from the operating system (the Entropy port).
 */
import { utf8 } from "./bytes.ts";

/** A stream and the place in it, as data. */
export interface RngState {
  /** 128-bit key as four unsigned 32-bit words. */
  readonly key: readonly [number, number, number, number];
  /** Words already drawn from this stream; an integer in [0, 2^53). */
  readonly position: number;
}

/**
 * A named random stream: counter-based, so that its position is data and forks never overlap.
 *
 * Integer and uniform draws use only integer arithmetic, multiplication and addition: the same bits on every platform.
 */
export interface Rng {
  /** An unsigned 32-bit integer. */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, n), without modulo bias; n in [1, 2^32]. */
  below(n: number): number;
  /** Standard normal, Box-Muller in float64 (uses Math.log and Math.cos: equal bits only on one engine). */
  normal(): number;
  /** Fisher-Yates in place; returns its argument. */
  shuffle<T>(items: T[]): T[];
  /** An independent stream named by `label`; does not advance this one. */
  fork(label: string): Rng;
  /** Key and position; `rngFromState` continues exactly here. */
  state(): RngState;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 0x1_0000_0000;
/** Marks forks, so that absorbing a label never coincides with drawing from a stream: "fork" in ASCII. */
const FORK_TAG = 0x666f726b;

type Words = RngState["key"];

/** The upper 32 bits of a product of two unsigned words, by 16-bit halves; no partial sum passes 2^32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/** Philox4x32-10 of one 128-bit counter under a 64-bit key; writes four unsigned words into `out`. */
export function philox(counter: Words, key: readonly [number, number], out: Uint32Array): void {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Absorbs a label into a key: Davies-Meyer over Philox, `h <- philox(counter = h, key = m) xor h`.
 *
 * The 64-bit blocks m are first (byte length, tag), then the label's UTF-8 bytes, little endian, zero-padded: no label's
 * blocks are a prefix of another's.
 */
function absorb(key: Words, label: string): Words {
  const bytes = utf8(label);
  const padded = new Uint8Array(8 + Math.ceil(bytes.length / 8) * 8);
  padded.set(bytes, 8);
  const blocks = new DataView(padded.buffer);
  blocks.setUint32(0, bytes.length, true);
  blocks.setUint32(4, FORK_TAG, true);
  const out = new Uint32Array(4);
  let state = key;
  for (let at = 0; at < padded.length; at += 8) {
    philox(state, [blocks.getUint32(at, true), blocks.getUint32(at + 4, true)], out);
    const [s0, s1, s2, s3] = state;
    state = [xor(out[0], s0), xor(out[1], s1), xor(out[2], s2), xor(out[3], s3)];
  }
  return state;
}

/** As unsigned words. */
function xor(one: number | undefined, other: number): number {
  return ((one ?? 0) ^ other) >>> 0;
}

/** A stream's words: block b is Philox of the counter (b, words 2 and 3 of the key) under words 0 and 1 of the key. */
function wordSource(
  key: Words,
  start: number,
): { readonly next: () => number; readonly position: () => number } {
  const block = new Uint32Array(4);
  const low: readonly [number, number] = [key[0], key[1]];
  let position = start;
  const fill = (): void => {
    const index = Math.floor(position / 4);
    philox([index >>> 0, Math.floor(index / TWO_32), key[2], key[3]], low, block);
  };
  let used = position % 4;
  if (used !== 0) fill();
  return {
    next() {
      if (used === 0) fill();
      const word = block[used] ?? 0;
      used = (used + 1) & 3;
      position += 1;
      return word;
    },
    position: () => position,
  };
}

/**
 * Continues a stream exactly where its state was taken.
 *
 * @throws RangeError when a key word is not an unsigned 32-bit integer or the position not a non-negative safe integer
 */
export function rngFromState(state: RngState): Rng {
  const key: Words = [...state.key];
  if (!key.every((word) => Number.isInteger(word) && word >= 0 && word < TWO_32)) {
    throw new RangeError(`Cannot start a stream from key [${key.join(", ")}]: wanted 32-bit words`);
  }
  if (!Number.isSafeInteger(state.position) || state.position < 0) {
    throw new RangeError(`Cannot start a stream at ${state.position}: wanted an integer >= 0`);
  }
  const words = wordSource(key, state.position);
  const uniform = (): number => {
    const high = words.next() >>> 5;
    return (high * 0x400_0000 + (words.next() >>> 6)) / 0x20_0000_0000_0000;
  };
  const below = (n: number): number => drawBelow(words.next, n);
  return {
    uint32: words.next,
    uniform,
    below,
    normal() {
      // 1 - uniform() lies in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle: (items) => shuffleWith(below, items),
    fork: (label) => rngFromState({ key: absorb(key, label), position: 0 }),
    state: () => ({ key, position: words.position() }),
  };
}

/**
 * A stream from a seed; a number and the text of the same number are one seed.
 *
 * @throws RangeError when a number is not a safe integer
 */
export function rngFromSeed(seed: number | string): Rng {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new RangeError(`Cannot seed with ${seed}: wanted an integer or a text`);
  }
  return rngFromState({ key: absorb([0, 0, 0, 0], String(seed)), position: 0 });
}

/** Rejects the first `2^32 mod n` words, so that every residue is equally likely. */
function drawBelow(next: () => number, n: number): number {
  if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
    throw new RangeError(`Cannot draw below ${n}: wanted an integer in [1, 2^32]`);
  }
  const rejected = TWO_32 % n;
  for (;;) {
    const word = next();
    if (word >= rejected) return word % n;
  }
}

function shuffleWith<T>(below: (n: number) => number, items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = below(last + 1);
    const kept = items[last] as T;
    items[last] = items[other] as T;
    items[other] = kept;
  }
  return items;
}
