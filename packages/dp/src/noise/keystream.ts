/**
 * Where noise comes from: a stream of 32-bit words that is filled in blocks and can be neither read back nor restored; but
 * for the nodes of a tree, whose noise is used more than once.
 */
import type { Entropy, Rng } from "@fedtune/core";
import { chacha20 } from "@noble/ciphers/chacha.js";

/** Uniform 32-bit words; `secure` says whether they may protect anybody. */
export interface Keystream {
  readonly secure: boolean;
  /** Overwrites every word. */
  fill(words: Uint32Array): void;
}

/** Words that nobody can predict or draw again. */
export interface SecureKeystream extends Keystream {
  readonly secure: true;
}

/** Words that a seed gives again: simulations and tests only, it protects nobody. */
export interface SeededKeystream extends Keystream {
  readonly secure: false;
}

const WORDS_PER_BLOCK = 16;
const WORDS_PER_CALL = 65_536 / 4;
const DEFAULT_BLOCKS_PER_KEY = 2 ** 24;

/**
 * ChaCha20 (RFC 8439) under keys and nonces of the operating system.
 *
 * Its state is not part of any interface: noise drawn twice with another batch would subtract out, so no stream is ever
 * saved or restored, and every stream has a key of its own. A new key is drawn after `blocksPerKey` blocks of 64 bytes
 * (1 GiB by default; the cipher's counter ends at 2^32).
 */
export function secureKeystream(
  entropy: Entropy,
  { blocksPerKey = DEFAULT_BLOCKS_PER_KEY }: { readonly blocksPerKey?: number } = {},
): SecureKeystream {
  let key = new Uint8Array(32);
  let nonce = new Uint8Array(12);
  let used = blocksPerKey;
  const drawKey = (): void => {
    // What is left of the old key is of use to nobody.
    key.fill(0);
    key = Uint8Array.from(drawBytes(entropy, 32));
    nonce = Uint8Array.from(drawBytes(entropy, 12));
    used = 0;
  };
  return {
    secure: true,
    fill(words) {
      for (let start = 0; start < words.length;) {
        if (used >= blocksPerKey) drawKey();
        const end = Math.min(words.length, start + (blocksPerKey - used) * WORDS_PER_BLOCK);
        const bytes = new Uint8Array(
          words.buffer,
          words.byteOffset + 4 * start,
          4 * (end - start),
        ).fill(0);
        chacha20(key, nonce, bytes, bytes, used);
        used += Math.ceil((end - start) / WORDS_PER_BLOCK);
        start = end;
      }
    },
  };
}

/**
 * The operating system's own generator, read 65,536 bytes at a time, the most that Web Crypto gives per call. On Node many
 * times faster than a cipher in JavaScript.
 */
export function systemKeystream(entropy: Entropy): SecureKeystream {
  return {
    secure: true,
    fill(words) {
      for (let start = 0; start < words.length; start += WORDS_PER_CALL) {
        const part = words.subarray(start, start + WORDS_PER_CALL);
        const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
        bytes.set(drawBytes(entropy, bytes.length));
      }
    },
  };
}

/**
 * ChaCha20 under one given key, from its beginning: for noise that must come again, which is as secret and as random as the
 * key. A key gives at most 256 GiB; no other stream may use it.
 */
export function keyedKeystream(key: Uint8Array): Keystream {
  const nonce = new Uint8Array(12);
  let used = 0;
  return {
    secure: true,
    fill(words) {
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength).fill(0);
      chacha20(key, nonce, bytes, bytes, used);
      used += Math.ceil(words.length / WORDS_PER_BLOCK);
    },
  };
}

/** The words of a seeded stream. */
export function seededKeystream(rng: Rng): SeededKeystream {
  return {
    secure: false,
    fill(words) {
      for (let i = 0; i < words.length; i++) words[i] = rng.uint32();
    },
  };
}

/** Bytes of the operating system; throws RangeError when it gives too few, which must not pass for randomness. */
function drawBytes(entropy: Entropy, length: number): Uint8Array {
  const bytes = entropy.bytes(length);
  if (bytes.length !== length) {
    throw new RangeError(`Cannot draw noise from ${bytes.length} random bytes: wanted ${length}`);
  }
  return bytes;
}
