import type { Rng } from "@fedtune/core";
import type { Keystream } from "./keystream.ts";

/** Single draws; core's Rng is one, and so is {@link drawsFrom} of a keystream. */
export type Draws = Pick<Rng, "uint32" | "uniform" | "below">;

const TWO_32 = 0x1_0000_0000;
const TWO_26 = 0x400_0000;

/** A uniform integer in [0, 2^53). */
export function bits53(draws: Pick<Draws, "uint32">): number {
  return (draws.uint32() >>> 5) * TWO_26 + (draws.uint32() >>> 6);
}

/** Single draws out of a keystream, which is read `blockWords` words at a time; used words are erased. */
export function drawsFrom(keystream: Keystream, blockWords = 1024): Draws {
  const block = new Uint32Array(blockWords);
  let at = blockWords;
  const uint32 = (): number => {
    if (at === blockWords) {
      keystream.fill(block);
      at = 0;
    }
    const word = block[at] ?? 0;
    block[at] = 0;
    at += 1;
    return word;
  };
  return {
    uint32,
    uniform: () => bits53({ uint32 }) / 2 ** 53,
    below(n) {
      if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
        throw new RangeError(`Cannot draw below ${n}: wanted an integer in [1, 2^32]`);
      }
      const rejected = TWO_32 % n;
      for (;;) {
        const word = uint32();
        if (word >= rejected) return word % n;
      }
    },
  };
}
