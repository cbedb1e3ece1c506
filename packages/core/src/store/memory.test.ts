import { blobsConformance, storeConformance } from "@fedtune/testkit";
import { expect, it } from "vitest";
import type { Digest, RunId } from "../ids.ts";
import { memoryBlobs, memoryStore } from "./memory.ts";

const close = () => Promise.resolve();

storeConformance("memory", () => {
  const store = memoryStore();
  return Promise.resolve({ store, reopen: () => Promise.resolve(store), close });
});

blobsConformance("memory", () => Promise.resolve({ blobs: memoryBlobs(), close }));

it("[ST10] drops what the end of an attempt does not name, also of clients outside of its cohort", async () => {
  const store = memoryStore();
  const run = "toy" as RunId;
  const hash = "a".repeat(64) as Digest;
  const at = { round: 1, attempt: 1 } as const;
  const { epoch } = await store.openRun({ id: run, configHash: hash, config: {} });
  await store.openAttempt(run, epoch, { ...at, cohort: [0], target: 1 });
  for (const index of [0, 1, 2])
    await store.putUpdate(run, epoch, {
      ...{ ...at, index, examples: 1, metrics: {}, norm: 1, base: 0 },
      blob: { hash, bytes: 1 },
    });
  await store.endAttempt(run, epoch, { ...at, status: "closed", accepted: [0, 2] });
  const kept = await store.getUpdates(run, 1, [0, 1, 2]);
  expect(kept.map(({ index }) => index)).toEqual([0, 2]);
});
