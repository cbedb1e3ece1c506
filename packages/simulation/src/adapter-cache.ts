import type { AdapterCache } from "@fedtune/client";
import type { Digest } from "@fedtune/core";

/** Keeps the initial adapter and the two newest: what the clients of one round and its stragglers can need. */
export function adapterCache(): AdapterCache {
  const kept = new Map<Digest, Float32Array>();
  return {
    get: (hash) => kept.get(hash),
    set(hash, values) {
      if (kept.has(hash)) return;
      kept.set(hash, values);
      const [, oldest] = kept.keys();
      if (kept.size > 3 && oldest !== undefined) kept.delete(oldest);
    },
  };
}
