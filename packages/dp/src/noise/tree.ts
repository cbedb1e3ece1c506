/**
 * Noise of a binary tree of sums (DP-FTRL): what is released after round t is the sum of all rounds so far plus the noise
 * of the few nodes that cover 1 to t, so that noise grows with log t instead of t.
 *
 * Kairouz, McMahan, Song, Thakkar, Thakurta, Xu, "Practical and private (deep) learning without sampling or shuffling",
 * arXiv 2103.00039, algorithm 1 and appendix D. Here a round adds to its own sum the difference between two such covers,
 * which is the same release: noisy running sums follow from noisy increments and the other way round, and whatever a
 * server does with increments is post-processing. Honaker's variance reduction, which reads the noise of nodes that a
 * cover does not use, is left out.
 */
import { FedtuneError } from "@fedtune/core";
import { keyedKeystream } from "./keystream.ts";
import type { Keystream } from "./keystream.ts";

/** The keys of the nodes that cover all rounds so far, 64 hexadecimal digits each, the oldest first. Secret: a key is its node's noise. */
export type TreeCover = readonly string[];

/** Noise of one round, and what the next one needs. */
export interface TreeNoise {
  /** For the sum of this round alone. */
  readonly noise: Float64Array;
  readonly cover: TreeCover;
}

/**
 * The noise of round `round`, counted from 1: that of a new node, less that of the nodes that it takes the place of. A node
 * is one key; its noise is drawn again from it whenever it is needed.
 *
 * @param before the cover of the rounds before; empty for round 1
 * @param draw a vector of noise out of a keystream, always of the same length and deviation
 * @throws FedtuneError `state-corrupt` when `before` is not a cover of `round - 1` rounds
 */
export function treeNoise(
  round: number,
  before: TreeCover,
  { keystream, draw }: { keystream: Keystream; draw: (keystream: Keystream) => Float64Array },
): TreeNoise {
  if (before.length !== nodesOver(round - 1)) {
    throw new FedtuneError(
      "state-corrupt",
      `Cannot go on with the noise of round ${round}: ${before.length} nodes are kept, wanted ${nodesOver(round - 1)}`,
    );
  }
  const ended = before.length + 1 - nodesOver(round);
  const staying = before.slice(0, before.length - ended);
  const key = newKey(keystream);
  const noise = draw(keyedKeystream(bytesOf(key)));
  for (const replaced of before.slice(before.length - ended)) {
    const old = draw(keyedKeystream(bytesOf(replaced)));
    for (let i = 0; i < noise.length; i++) noise[i] = (noise[i] ?? 0) - (old[i] ?? 0);
  }
  return { noise, cover: [...staying, key] };
}

/** Nodes that cover so many rounds: the ones in its binary digits. */
function nodesOver(rounds: number): number {
  let nodes = 0;
  for (let rest = rounds; rest > 0; rest = Math.floor(rest / 2)) nodes += rest % 2;
  return nodes;
}

function newKey(keystream: Keystream): string {
  const words = new Uint32Array(8);
  keystream.fill(words);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(key.slice(2 * i, 2 * i + 2), 16),
  );
}
