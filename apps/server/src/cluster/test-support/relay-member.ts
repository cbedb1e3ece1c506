/** A process' sockets, data plane and runs, as they are put together in a cluster. */
import { memoryStore } from "@fedtune/core";
import type { Blobs, Store } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { createServer } from "node:http";
import { createApp } from "../../app.ts";
import { hostsFor } from "../../headers.ts";
import { defaultLimits } from "../../limits.ts";
import { closer, listen } from "../../listen.ts";
import { serverLog } from "../../log.ts";
import { runRegistry } from "../../run-registry.ts";
import type { RunRegistry } from "../../run-registry.ts";
import { socketHub } from "../../socket-server-transport.ts";
import type { SocketHub } from "../../socket-hub.ts";

export interface RelayMember {
  readonly hub: SocketHub;
  readonly runs: RunRegistry;
  /** Where runs get their lines from: the hub, until it is replaced. */
  readonly lines: { add: SocketHub["add"] };
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export async function relayMember(
  blobs: Blobs,
  store: Store = memoryStore(),
): Promise<RelayMember> {
  const hosts = hostsFor("127.0.0.1", null);
  const log = serverLog(null);
  const ready = Promise.resolve();
  const ports = { clock: nodeClock, entropy: nodeEntropy, hash: nodeHash, store, blobs };
  const http = createServer();
  const hub = socketHub(http, { ...ports, limits: defaultLimits, log, hosts, ready });
  const lines = { add: (...line: Parameters<SocketHub["add"]>) => hub.add(...line) };
  const runs = runRegistry({
    ...{ ...ports, log },
    hub: { ...hub, add: (...line) => lines.add(...line) },
  });
  http.on("request", createApp({ ...ports, hub, log, hosts, ready }));
  const close = closer(http, 1_000, () => hub.close());
  const { port, url } = await listen(http, "127.0.0.1", 0);
  return { hub, runs, lines, port, url, close };
}
