/** Noise for workers, which own their generator: nothing of it crosses a thread. */
import { randomFillSync } from "node:crypto";
import type { Entropy } from "@fedtune/core";

/** The operating system's randomness. */
export const nodeEntropy: Entropy = { bytes: (length) => randomFillSync(new Uint8Array(length)) };
