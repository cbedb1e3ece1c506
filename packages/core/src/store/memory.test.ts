import { blobsConformance, storeConformance } from "@fedtune/testkit";
import { memoryBlobs, memoryStore } from "./memory.ts";

const close = () => Promise.resolve();

storeConformance("memory", () => {
  const store = memoryStore();
  return Promise.resolve({ store, reopen: () => Promise.resolve(store), close });
});

blobsConformance("memory", () => Promise.resolve({ blobs: memoryBlobs(), close }));
