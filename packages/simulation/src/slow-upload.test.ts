/** Uploads that take longer than a session waits before it asks again. */
import { memoryBlobs } from "@fedtune/core";
import type { Clock, Digest } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";

/** A session asks what became of its update every 5 s. */
const UPLOAD_MS = 23_000;

describe("an upload that takes long", () => {
  it("[CL14] is not started again while it is under way", async () => {
    const written: Digest[] = [];
    const stored = memoryBlobs();
    const time: { clock: Clock | null } = { clock: null };
    const world = mortalWorld({
      blobs: {
        ...stored,
        async put(bytes, hash) {
          written.push(hash);
          await new Promise<void>((resolve) => time.clock?.after(UPLOAD_MS, resolve));
          return stored.put(bytes, hash);
        },
      },
    });
    time.clock = world.clock;
    const { end } = await liveThrough(world);
    expect(end).toEqual({ status: "completed", failure: null });
    const uploads = world.acknowledged().map(({ hash }) => hash);
    expect(uploads).toHaveLength(3 * world.names.length);
    for (const upload of uploads) {
      expect(written.filter((hash) => hash === upload)).toHaveLength(1);
    }
  });
});
