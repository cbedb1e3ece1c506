/** The bytes of blobs that were stored or read a moment ago, in memory: they are asked for again at once, and by everybody. */
import type { Blobs, Digest } from "@fedtune/core";

/** Bytes that a process holds at most; those of several runs share them. */
const MOST_BYTES = 64 * 2 ** 20;

/** A small memory by hash; what was used least recently goes first. */
export interface RecentBytes {
  /** Null: they are not here. Nobody changes them. */
  find(hash: Digest): Uint8Array | null;
  keep(hash: Digest, bytes: Uint8Array): void;
  drop(hash: Digest): void;
}

/** Makes an empty memory. What is longer than a quarter of it is not kept. */
export function recentBytes(most = MOST_BYTES): RecentBytes {
  const kept = new Map<Digest, Uint8Array>();
  let held = 0;
  const drop = (hash: Digest): void => {
    held -= kept.get(hash)?.length ?? 0;
    kept.delete(hash);
  };
  return {
    drop,
    find(hash) {
      const bytes = kept.get(hash);
      if (bytes === undefined) return null;
      // A map goes in the order of its entries: the last one is the one used last.
      kept.delete(hash);
      kept.set(hash, bytes);
      return bytes;
    },
    keep(hash, bytes) {
      drop(hash);
      if (bytes.length > most / 4) return;
      kept.set(hash, bytes);
      held += bytes.length;
      for (const oldest of kept.keys()) {
        if (held <= most) return;
        drop(oldest);
      }
    },
  };
}

/** The same blobs, reads of recent ones from memory. A blob is in memory only after it is stored. */
export function rememberedBlobs(blobs: Blobs, recent: RecentBytes): Blobs {
  return {
    async put(bytes, hash) {
      const ref = await blobs.put(bytes, hash);
      recent.keep(hash, bytes);
      return ref;
    },
    async get(hash) {
      const known = recent.find(hash);
      if (known !== null) return known;
      const bytes = await blobs.get(hash);
      recent.keep(hash, bytes);
      return bytes;
    },
    has: (hash) => blobs.has(hash),
    async delete(hash) {
      recent.drop(hash);
      await blobs.delete(hash);
    },
  };
}
