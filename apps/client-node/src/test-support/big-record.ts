import { runId } from "@fedtune/core";
import type { ClientRecord } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";

/** A record so large that a save takes several writes; every part of it follows from `seed`. */
export function bigRecord(seed: number): ClientRecord {
  const values = Float32Array.from({ length: 100_000 }, (_, i) => seed + i / 7);
  const bytes = new Uint8Array(400_000).fill(seed % 256);
  const metrics = { loss: seed / 3 };
  const own = {
    hash: nodeHash.sha256(bytes),
    examples: seed,
    metrics,
    nextPersonal: values.slice(),
    nextUnsent: values.slice(),
  };
  const held = { round: seed, rank: 2, values };
  return {
    run: runId("suite"),
    held,
    personal: values.slice(),
    unsent: { round: seed, values: values.slice() },
    pending: { round: seed + 1, bytes, ...own },
  };
}
