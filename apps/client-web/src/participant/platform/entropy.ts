/** The operating system's randomness, through the browser. */
import type { Entropy } from "@fedtune/core";

/** The most that one call of the browser gives. */
const MOST = 65_536;

/** The Entropy port. */
export const browserEntropy: Entropy = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += MOST)
      crypto.getRandomValues(bytes.subarray(start, start + MOST));
    return bytes;
  },
};
