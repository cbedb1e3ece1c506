/** How the bench's clients reach the coordinator. */
import { socketTransport } from "@fedtune/client";
import type { Signer } from "@fedtune/client";
import type { ClientTransport } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";

/** The transport of any client, with patience for a busy machine; without a signer it shows no key. */
export function transportTo(url: string, signer: Signer | null = null): ClientTransport {
  const ports = { clock: nodeClock, hash: nodeHash, fetch };
  const signing = signer === null ? {} : { signer };
  return socketTransport({ url, ...ports, ...signing, openTimeoutMs: 120_000 });
}
