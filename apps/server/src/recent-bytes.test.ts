import { memoryBlobs } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { blobsConformance } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { recentBytes, rememberedBlobs } from "./recent-bytes.ts";

const named = (k: number, length = 10) => {
  const bytes = new Uint8Array(length).fill(k);
  return { bytes, hash: nodeHash.sha256(bytes) };
};

blobsConformance("remembered", () =>
  Promise.resolve({
    blobs: rememberedBlobs(memoryBlobs(), recentBytes(100)),
    close: () => Promise.resolve(),
  }),
);

describe("recent bytes", () => {
  it("are those used last, within their limit", () => {
    const recent = recentBytes(40);
    const blobs = [1, 2, 3, 4].map((k) => named(k));
    for (const { hash, bytes } of blobs) recent.keep(hash, bytes);
    expect(recent.find(blobs[0]!.hash)).toBe(blobs[0]!.bytes);
    const fifth = named(5);
    recent.keep(fifth.hash, fifth.bytes);
    expect(blobs.map(({ hash }) => recent.find(hash) !== null)).toEqual([true, false, true, true]);
    expect(recent.find(fifth.hash)).toBe(fifth.bytes);
  });

  it("are not kept where one blob would push out all others", () => {
    const recent = recentBytes(40);
    const long = named(1, 11);
    recent.keep(long.hash, long.bytes);
    expect(recent.find(long.hash)).toBeNull();
  });

  it("count once, however often they are kept", () => {
    const recent = recentBytes(40);
    const [first, second] = [named(1), named(2)];
    for (let k = 0; k < 10; k++) recent.keep(first.hash, first.bytes);
    recent.keep(second.hash, second.bytes);
    expect(recent.find(first.hash)).toBe(first.bytes);
    recent.drop(first.hash);
    recent.drop(first.hash);
    for (const { hash, bytes } of [3, 4, 5].map((k) => named(k))) recent.keep(hash, bytes);
    expect(recent.find(second.hash)).toBe(second.bytes);
  });
});

describe("remembered blobs", () => {
  it("are not there before they are stored, and not when storing failed", async () => {
    const full = { ...memoryBlobs(), put: () => Promise.reject(new Error("the disk is full")) };
    const blobs = rememberedBlobs(full, recentBytes());
    const { bytes, hash } = named(1);
    await expect(blobs.put(bytes, hash)).rejects.toThrow("full");
    await expect(blobs.get(hash)).rejects.toMatchObject({ code: "blob-missing" });
  });

  it("are read from where they are stored once", async () => {
    const under = memoryBlobs();
    const { bytes, hash } = named(1);
    await under.put(bytes, hash);
    let reads = 0;
    const counted = { ...under, get: (one: typeof hash) => (reads++, under.get(one)) };
    const blobs = rememberedBlobs(counted, recentBytes());
    for (let k = 0; k < 3; k++) expect([...(await blobs.get(hash))]).toEqual([...bytes]);
    expect(reads).toBe(1);
    await blobs.delete(hash);
    await expect(blobs.get(hash)).rejects.toMatchObject({ code: "blob-missing" });
  });
});
