/** How the bench's clients reach the coordinator. */
import { socketTransport } from "@fedtune/client";
import type { ClientTransport } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";

/** The transport of any client, with patience for a busy machine. */
export function transportTo(url: string): ClientTransport {
  return socketTransport({ url, clock: nodeClock, hash: nodeHash, fetch, openTimeoutMs: 120_000 });
}
