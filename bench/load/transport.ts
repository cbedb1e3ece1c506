/** How the bench's clients reach the coordinator. */
import { socketTransport } from "@fedtune/client";
import type { ClientTransport } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";

/** The transport of any client, with patience for a busy machine. */
export function transportTo(url: string): ClientTransport {
  return socketTransport({ url, clock: nodeClock, hash: nodeHash, fetch, openTimeoutMs: 120_000 });
}

/** A session repeats an upload that takes long, beside the one that is under way: here it waits for that one. */
export function oneUploadAtATime(transport: ClientTransport): ClientTransport {
  const underWay = new Map<string, Promise<void>>();
  return {
    ...transport,
    upload(slot, blob, signal) {
      const before = underWay.get(blob.hash);
      if (before !== undefined) return before;
      const upload = transport.upload(slot, blob, signal).finally(() => underWay.delete(blob.hash));
      underWay.set(blob.hash, upload);
      return upload;
    },
  };
}
