import { digest } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { blobsConformance } from "@fedtune/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPlace } from "./blob-place.ts";
import type { S3Place } from "./blob-place.ts";
import { openS3Blobs } from "./s3-blobs.ts";
import { fakeS3 } from "./test-support/fake-s3.ts";
import type { FakeS3 } from "./test-support/fake-s3.ts";

function open({ endpoint }: Pick<FakeS3, "endpoint">, prefix = "runs/blobs") {
  return openS3Blobs({
    place: blobPlace(`s3://bucket/${prefix}?endpoint=${endpoint}&region=eu-central-1`) as S3Place,
    ...{ accessKeyId: "key", secretAccessKey: "secret" },
    ...{ hash: nodeHash, clock: nodeClock, entropy: nodeEntropy },
    ...{ timeoutMs: 300, pauseMs: 1 },
  });
}

blobsConformance("S3", async () => {
  const s3 = await fakeS3();
  return {
    blobs: open(s3),
    async close() {
      await s3.close();
      expect(s3.unsigned).toEqual([]);
    },
  };
});

describe("S3 blobs when something fails", () => {
  let s3: FakeS3;
  beforeEach(async () => {
    s3 = await fakeS3();
  });
  afterEach(() => s3.close());
  const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251);
  const hash = nodeHash.sha256(bytes);

  it.each(["500", "hang", "truncate"] as const)(
    "[ST4] gets over two faults (%s) in a row",
    async (fault) => {
      const blobs = open(s3);
      if (fault !== "truncate") {
        s3.fail("HEAD", fault, fault);
        s3.fail("PUT", fault, fault);
      }
      await blobs.put(bytes, hash);
      s3.fail("GET", fault, fault);
      expect([...(await blobs.get(hash))]).toEqual([...bytes]);
    },
  );

  it.each(["500", "hang", "truncate"] as const)(
    "[ST4] says so when it stays away (%s)",
    async (fault) => {
      const blobs = open(s3);
      await blobs.put(bytes, hash);
      s3.fail("GET", fault, fault, fault);
      await expect(blobs.get(hash)).rejects.toMatchObject({ code: "storage-failed" });
      if (fault === "truncate") return;
      s3.fail("DELETE", fault, fault, fault);
      await expect(blobs.delete(hash)).rejects.toMatchObject({ code: "storage-failed" });
      s3.fail("HEAD", fault, fault, fault);
      await expect(blobs.has(hash)).rejects.toMatchObject({ code: "storage-failed" });
      s3.fail("PUT", fault, fault, fault);
      const other = Uint8Array.of(1);
      await expect(blobs.put(other, nodeHash.sha256(other))).rejects.toMatchObject({
        code: "storage-failed",
      });
      expect([...s3.objects.keys()]).toEqual([`/bucket/runs/blobs/${hash.slice(0, 2)}/${hash}`]);
    },
  );

  it("[ST4] does not repeat what the service refuses", async () => {
    s3.fail("GET", "403");
    await expect(open(s3).get(hash)).rejects.toMatchObject({
      code: "storage-failed",
      data: { status: 403 },
    });
    expect(s3.requests).toEqual(["GET"]);
  });

  it("[ST4] never gives other bytes than the hash says, and stores none", async () => {
    const blobs = open(s3);
    await blobs.put(bytes, hash);
    s3.fail("GET", "flip");
    await expect(blobs.get(hash)).rejects.toMatchObject({ code: "blob-corrupt" });
    const wrong = digest("0".repeat(64));
    await expect(blobs.put(bytes, wrong)).rejects.toMatchObject({ code: "blob-corrupt" });
    expect(s3.objects.size).toBe(1);
  });

  it("[ST4] lists what is under its prefix and named by a hash, page by page", async () => {
    const blobs = open(s3);
    const listed = async () => {
      const found: { hash: string; bytes: number; storedAt: number }[] = [];
      for await (const blob of blobs.list()) found.push(blob);
      return found;
    };
    expect(await listed()).toEqual([]);
    s3.objects.set("/bucket/runs/blobs/notes.txt", Buffer.from("x"));
    await open(s3, "other").put(Uint8Array.of(1), nodeHash.sha256(Uint8Array.of(1)));
    const stored = Array.from({ length: 5 }, (_, i) => new Uint8Array(i + 1).fill(7));
    for (const one of stored) await blobs.put(one, nodeHash.sha256(one));
    const storedAt = Date.UTC(2026, 0, 2, 3, 4, 5);
    expect(await listed()).toEqual(
      stored.map((one) => ({ hash: nodeHash.sha256(one), bytes: one.length, storedAt })),
    );
  });

  it("[ST4] a message shows neither the secret nor the key", async () => {
    s3.fail("GET", "403");
    const error: unknown = await open(s3)
      .get(hash)
      .catch((caught: unknown) => caught);
    expect(JSON.stringify(error)).not.toMatch(/secret|Credential/);
  });
});
