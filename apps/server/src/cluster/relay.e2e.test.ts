/** Transport between a coordinator at one process and clients at another. */
import { socketTransport } from "@fedtune/client";
import { memoryBlobs, runId } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { transportConformance } from "@fedtune/testkit";
import type { TransportBench } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { rawClient, helloOf } from "../test-support/raw-client.ts";
import { tcpProxy } from "../test-support/tcp-proxy.ts";
import type { TcpProxy } from "../test-support/tcp-proxy.ts";
import { openBus } from "./bus.ts";
import { openRelay } from "./relay.ts";
import { relayMember } from "./test-support/relay-member.ts";
import { memoryWires } from "./wire.ts";
import type { WireHub } from "./wire.ts";

const run = runId("suite");

async function member(name: string, wires: WireHub, blobs: Blobs) {
  const open = await relayMember(blobs);
  const bus = openBus({
    wire: wires.wire(name),
    clock: nodeClock,
    failed: (error) => {
      throw error;
    },
  });
  return { ...open, relay: openRelay({ bus, hub: open.hub, blobs, timeoutMs: 2_000 }) };
}

/** The owner has no client; every client is connected to the other process. */
async function bench(): Promise<TransportBench> {
  const wires = memoryWires();
  const stored = memoryBlobs();
  const handedOut = new Map<string, Uint8Array>();
  // One store for all: what this coordinator hands out is what the blob store holds, right or wrong.
  const blobs: Blobs = {
    ...stored,
    get: async (hash) => handedOut.get(hash) ?? (await stored.get(hash)),
  };
  const owner = await member("owner", wires, blobs);
  const other = await member("other", wires, blobs);
  const { transport } = owner.relay.add(run, 10_000);
  await new Promise((resolve) => setImmediate(resolve));
  const proxies = new Map<string, TcpProxy>([["ada", await tcpProxy(other.port)]]);
  const clients: { close(): Promise<void> }[] = [];
  return {
    run,
    server: {
      ...transport,
      listen(events) {
        transport.listen({
          ...events,
          async download(connection, hash) {
            handedOut.set(hash, await events.download(connection, hash));
            return new Uint8Array();
          },
        });
      },
    },
    client(name) {
      const client = socketTransport({
        ...{ url: proxies.get(name)?.url ?? "", clock: nodeClock, hash: nodeHash, fetch },
        reconnectMs: 10,
      });
      clients.push(client);
      return client;
    },
    cut: (name) => proxies.get(name)?.cut(),
    async close() {
      for (const client of clients) await client.close();
      for (const each of proxies.values()) await each.close();
      await other.close();
      await owner.close();
    },
  };
}

transportConformance("relayed", bench);

describe("a relayed run", () => {
  it("[OP6] changes its owner: clients are not sent away, they come back and reach the next one", async () => {
    const wires = memoryWires();
    const blobs = memoryBlobs();
    const members = await Promise.all(
      ["one", "two", "three"].map((name) => member(name, wires, blobs)),
    );
    const [one, two, three] = members as [
      (typeof members)[0],
      (typeof members)[0],
      (typeof members)[0],
    ];
    const heard: string[] = [];
    const listenAs = (name: string, relay: typeof one.relay) => {
      const { transport } = relay.add(run, 10_000);
      transport.listen({
        message: (connection, text) => {
          heard.push(name);
          transport.send(connection, answerTo(text, name));
        },
        closed() {},
        upload: async () => undefined,
        download: async () => new Uint8Array(),
      });
    };
    listenAs("one", one.relay);
    await new Promise((resolve) => setImmediate(resolve));
    const client = await rawClient(three.url, "ada");
    client.say(helloOf("ada", run));
    expect(await client.hear("goodbye")).toMatchObject({ message: "one" });
    one.relay.leave(run);
    await new Promise((resolve) => setImmediate(resolve));
    // Nobody owns the run: what is said is not answered, and nobody is sent away.
    client.say(helloOf("ada", run));
    listenAs("two", two.relay);
    // The raw client says hello by hand; its connection is a new one by now.
    const asking = setInterval(() => client.say(helloOf("ada", run)), 20);
    expect(await client.hear("goodbye")).toMatchObject({ message: "two" });
    clearInterval(asking);
    expect(new Set(heard)).toEqual(new Set(["one", "two"]));
    await client.close();
    for (const each of members) await each.close();
  });

  it("[OP6] a question to a process that is gone ends in time", async () => {
    const wires = memoryWires();
    const bus = openBus({ wire: wires.wire("a"), clock: nodeClock, failed: () => undefined });
    await expect(bus.request("b", "t", { message: 1, timeoutMs: 5 })).rejects.toMatchObject({
      code: "timeout",
    });
    const waiting = bus.request("b", "t", { message: 1, timeoutMs: 60_000 });
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: "transport-closed" }),
      bus.close(),
    ]);
  });
});

/** Any server message will do that carries a text. */
function answerTo(_hello: string, name: string): string {
  return JSON.stringify({ type: "goodbye", code: "draining", message: name });
}
