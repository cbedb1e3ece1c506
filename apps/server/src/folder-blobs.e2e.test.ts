import { nodeHash } from "@fedtune/node-ports";
import { blobsConformance } from "@fedtune/testkit";
import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolderBlobs } from "./folder-blobs.ts";

const blob = { bytes: Uint8Array.of(1, 2, 3), hash: nodeHash.sha256(Uint8Array.of(1, 2, 3)) };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-blobs-"));
});
afterEach(() => rm(folder, { recursive: true }));

blobsConformance("folder", async () => ({
  blobs: await openFolderBlobs(join(folder, "blobs")),
  close: () => Promise.resolve(),
}));

describe("a folder of blobs", () => {
  const pathOf = (hash: string) => join(folder, hash.slice(0, 2), hash);

  it("[ST2] [ST4] keeps them for a later process, under their hashes", async () => {
    await (await openFolderBlobs(folder)).put(blob.bytes, blob.hash);
    expect([...(await (await openFolderBlobs(folder)).get(blob.hash))]).toEqual([1, 2, 3]);
    expect(await readdir(join(folder, blob.hash.slice(0, 2)))).toEqual([blob.hash]);
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("[ST4] what a crash left half written is no blob, and goes at the next start", async () => {
    await openFolderBlobs(folder);
    await writeFile(join(folder, "drafts", `${blob.hash}.0`), "half");
    const draft = join(folder, "drafts", `${blob.hash}.0`);
    const blobs = await openFolderBlobs(folder);
    expect(await blobs.has(blob.hash)).toBe(false);
    // Another process may be at it.
    expect(await readdir(join(folder, "drafts"))).toHaveLength(1);
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(draft, longAgo, longAgo);
    await openFolderBlobs(folder);
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("[ST4] a file of another length is written anew", async () => {
    const blobs = await openFolderBlobs(folder);
    await blobs.put(blob.bytes, blob.hash);
    await truncate(pathOf(blob.hash), 1);
    await blobs.put(blob.bytes, blob.hash);
    expect([...(await blobs.get(blob.hash))]).toEqual([1, 2, 3]);
  });

  it("[TR4] with verification a damaged file is blob-corrupt", async () => {
    const blobs = await openFolderBlobs(folder, { verify: nodeHash });
    await blobs.put(blob.bytes, blob.hash);
    await writeFile(pathOf(blob.hash), Uint8Array.of(3, 2, 1));
    await expect(blobs.get(blob.hash)).rejects.toMatchObject({ code: "blob-corrupt" });
  });

  it("[ST7] a disk that fails ends in storage-failed, and what was stored stays readable", async () => {
    const blobs = await openFolderBlobs(folder);
    await blobs.put(blob.bytes, blob.hash);
    await rm(join(folder, "drafts"), { recursive: true });
    await writeFile(join(folder, "drafts"), "in the way");
    const other = Uint8Array.of(9);
    const put = blobs.put(other, nodeHash.sha256(other));
    await expect(put).rejects.toMatchObject({ code: "storage-failed" });
    expect([...(await blobs.get(blob.hash))]).toEqual([1, 2, 3]);
    await rm(join(folder, "drafts"));
    await mkdir(join(folder, "drafts"));
    await blobs.put(other, nodeHash.sha256(other));
    expect([...(await blobs.get(nodeHash.sha256(other)))]).toEqual([9]);
  });
});
