import { socketTransport } from "@fedtune/client";
import { memoryBlobs, memoryStore, runId } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { transportConformance } from "@fedtune/testkit";
import type { TransportBench } from "@fedtune/testkit";
import { createServer } from "node:http";
import { createApp } from "./app.ts";
import { hostsFor } from "./headers.ts";
import { defaultLimits } from "./limits.ts";
import { closer, listen } from "./listen.ts";
import { serverLog } from "./log.ts";
import { socketHub } from "./socket-server-transport.ts";
import { tcpProxy } from "./test-support/tcp-proxy.ts";
import type { TcpProxy } from "./test-support/tcp-proxy.ts";

const run = runId("suite");

/** The hub and its routes without a coordinator; every client comes through a wire of its own. */
async function bench(): Promise<TransportBench> {
  const hosts = hostsFor("127.0.0.1", null);
  const log = serverLog(null);
  const ready = Promise.resolve();
  const ports = {
    clock: nodeClock,
    entropy: nodeEntropy,
    hash: nodeHash,
    store: memoryStore(),
    blobs: memoryBlobs(),
  };
  const http = createServer();
  const hub = socketHub(http, { ...ports, limits: defaultLimits, log, hosts, ready });
  http.on("request", createApp({ ...ports, hub, log, hosts, ready }));
  const close = closer(http, 1_000, () => hub.close());
  const { port } = await listen(http, "127.0.0.1", 0);
  const wires = new Map<string, TcpProxy>();
  const wire = await tcpProxy(port);
  wires.set("ada", wire);
  const clients: { close(): Promise<void> }[] = [];
  return {
    run,
    server: hub.add(run, 10_000).transport,
    client(name) {
      const url = wires.get(name)?.url ?? "";
      const client = socketTransport({
        url,
        clock: nodeClock,
        hash: nodeHash,
        fetch,
        reconnectMs: 10,
      });
      clients.push(client);
      return client;
    },
    cut: (name) => wires.get(name)?.cut(),
    async close() {
      for (const client of clients) await client.close();
      for (const each of wires.values()) await each.close();
      await close();
    },
  };
}

transportConformance("socket", bench);
