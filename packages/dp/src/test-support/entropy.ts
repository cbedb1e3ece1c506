import type { Entropy } from "@fedtune/core";

/** An Entropy port of known bytes: each call gives the next counter value, repeated; counts its calls. */
export function countingEntropy(first = 1): Entropy & { readonly calls: () => number } {
  let value = first;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length).fill(value & 0xff);
      value += 1;
      return bytes;
    },
    calls: () => value - first,
  };
}
