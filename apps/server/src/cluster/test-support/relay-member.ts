/** A process' sockets and data plane without a coordinator. */
import { memoryStore } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { createServer } from "node:http";
import { createApp } from "../../app.ts";
import { hostsFor } from "../../headers.ts";
import { defaultLimits } from "../../limits.ts";
import { closer, listen } from "../../listen.ts";
import { serverLog } from "../../log.ts";
import { runRegistry } from "../../run-registry.ts";
import { socketHub } from "../../socket-server-transport.ts";
import type { SocketHub } from "../../socket-server-transport.ts";

export interface RelayMember {
  readonly hub: SocketHub;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export async function relayMember(blobs: Blobs): Promise<RelayMember> {
  const hosts = hostsFor("127.0.0.1", null);
  const log = serverLog(null);
  const ready = Promise.resolve();
  const ports = {
    ...{ clock: nodeClock, entropy: nodeEntropy, hash: nodeHash },
    ...{ store: memoryStore(), blobs },
  };
  const http = createServer();
  const hub = socketHub(http, { ...ports, limits: defaultLimits, log, hosts, ready });
  const runs = runRegistry({ ...ports, hub, log });
  http.on("request", createApp({ ...ports, runs, hub, log, hosts, ready }));
  const close = closer(http, 1_000, () => hub.close());
  const { port, url } = await listen(http, "127.0.0.1", 0);
  return { hub, port, url, close };
}
