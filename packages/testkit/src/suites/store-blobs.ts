/** What every store of blobs must do alike. */
import { digest } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHash } from "../hash.ts";

/** An implementation with its end. */
export interface BlobsBench {
  readonly blobs: Blobs;
  close(): Promise<void>;
}

const absent = digest("0".repeat(64));

function blobOf(bytes: Uint8Array) {
  return { bytes, hash: nodeHash.sha256(bytes) };
}

/** Holds blobs to the contract of the port. */
export function blobsConformance(name: string, open: () => Promise<BlobsBench>): void {
  describe(`${name} blobs`, () => {
    let bench: BlobsBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it.each([0, 1, 255, 1_000_000])("[ST4] gives %i bytes back bit for bit", async (length) => {
      const { bytes, hash } = blobOf(Uint8Array.from({ length }, (_, i) => (i * 31) % 256));
      expect(await bench.blobs.put(bytes, hash)).toEqual({ hash, bytes: length });
      const read = await bench.blobs.get(hash);
      expect(read).toHaveLength(length);
      expect(nodeHash.sha256(read)).toBe(hash);
    });

    it("[ST4] gives plain bytes, whose slices are copies", async () => {
      const { bytes, hash } = blobOf(Uint8Array.of(1, 2, 3));
      await bench.blobs.put(bytes, hash);
      const slice = (await bench.blobs.get(hash)).slice(1);
      slice[0] = 9;
      expect([...(await bench.blobs.get(hash))]).toEqual([1, 2, 3]);
      expect(slice.buffer.byteLength).toBe(2);
    });

    it("[ST4] stores a part of a larger buffer", async () => {
      const { bytes, hash } = blobOf(Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4));
      await bench.blobs.put(bytes, hash);
      expect([...(await bench.blobs.get(hash))]).toEqual([1, 2, 3]);
    });

    it("[ST4] storing the same bytes again, also at the same time, changes nothing", async () => {
      const { bytes, hash } = blobOf(Uint8Array.of(1, 2, 3));
      await bench.blobs.put(bytes, hash);
      const refs = await Promise.all([1, 2, 3, 4].map(() => bench.blobs.put(bytes.slice(), hash)));
      expect(refs).toEqual([1, 2, 3, 4].map(() => ({ hash, bytes: 3 })));
      expect([...(await bench.blobs.get(hash))]).toEqual([1, 2, 3]);
    });

    it("[ST4] knows what it has, and names what it lacks", async () => {
      const { bytes, hash } = blobOf(Uint8Array.of(7));
      await bench.blobs.put(bytes, hash);
      expect(await bench.blobs.has(hash)).toBe(true);
      expect(await bench.blobs.has(absent)).toBe(false);
      await expect(bench.blobs.get(absent)).rejects.toMatchObject({ code: "blob-missing" });
    });

    it("[ST4] forgets what is deleted; deleting it again is fine", async () => {
      const { bytes, hash } = blobOf(Uint8Array.of(7));
      await bench.blobs.put(bytes, hash);
      await bench.blobs.delete(hash);
      await bench.blobs.delete(hash);
      expect(await bench.blobs.has(hash)).toBe(false);
      await bench.blobs.put(bytes, hash);
      expect(await bench.blobs.has(hash)).toBe(true);
    });
  });
}
