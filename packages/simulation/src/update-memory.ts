/** Memory of updates that is used round after round: fresh memory costs as much as filling it, and collecting it again. */
import type { ClientPorts } from "@fedtune/client";
import type { Blobs, Digest } from "@fedtune/core";
import type { UpdateNames } from "./update-names.ts";

type UpdateMemory = NonNullable<ClientPorts["memory"]>;

/** Memory that counts who keeps it; bytes of an unknown origin are left alone. `names` are told what is overwritten. */
export function updateMemory(names: UpdateNames | null = null): UpdateMemory {
  // What is forgotten without a word is collected as usual.
  const keepers = new WeakMap<Uint8Array, number>();
  const idle = new Map<number, Uint8Array[]>();
  return {
    take(length) {
      const bytes = idle.get(length)?.pop() ?? new Uint8Array(length);
      keepers.set(bytes, 1);
      return bytes;
    },
    keep(bytes) {
      const count = keepers.get(bytes);
      if (count !== undefined) keepers.set(bytes, count + 1);
    },
    drop(bytes) {
      const count = keepers.get(bytes);
      if (count === undefined) return;
      if (count > 1) {
        keepers.set(bytes, count - 1);
        return;
      }
      keepers.delete(bytes);
      names?.forget(bytes);
      const same = idle.get(bytes.length);
      if (same === undefined) idle.set(bytes.length, [bytes]);
      else same.push(bytes);
    },
  };
}

/** Blobs in memory that keep the bytes of updates until they are deleted. */
export function keptBlobs(blobs: Blobs, memory: UpdateMemory): Blobs {
  const kept = new Map<Digest, Uint8Array>();
  return {
    ...blobs,
    put(bytes, hash) {
      if (kept.has(hash)) return Promise.resolve({ hash, bytes: bytes.length });
      kept.set(hash, bytes);
      memory.keep(bytes);
      return blobs.put(bytes, hash);
    },
    async delete(hash) {
      const bytes = kept.get(hash);
      kept.delete(hash);
      await blobs.delete(hash);
      if (bytes !== undefined) memory.drop(bytes);
    },
  };
}
