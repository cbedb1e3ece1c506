/** What both ends of every transport must do alike. */
import {
  clientId,
  digest,
  encodeMessage,
  FedtuneError,
  maxMessageLength,
  protocolVersion,
} from "@fedtune/core";
import type { BlobRef, ClientTransport, UploadSlot } from "@fedtune/core";
import { afterEach, describe, expect, it } from "vitest";
import { nodeHash } from "../hash.ts";
import { ears, mostBytes, recorder } from "./transport-bench.ts";
import type { TransportBench } from "./transport-bench.ts";

interface Pair {
  readonly bench: TransportBench;
  readonly coordinator: ReturnType<typeof recorder>;
  readonly client: ClientTransport;
  readonly heard: ReturnType<typeof ears>;
  /** The coordinator's name of the client's connection. */
  readonly connection: string;
}

const never = new AbortController().signal;

/** Holds a transport to the contract of ClientTransport and ServerTransport. */
export function transportConformance(name: string, open: () => Promise<TransportBench>): void {
  const benches: TransportBench[] = [];

  async function begin(): Promise<Pair> {
    const bench = await open();
    benches.push(bench);
    const coordinator = recorder();
    bench.server.listen(coordinator.events);
    const client = bench.client("ada");
    const heard = ears();
    await client.open(heard.events, never);
    client.send(hello(bench));
    const { connection } = await coordinator.messages.take();
    // An answer to the hello is what tells a client that it may ask for blobs.
    bench.server.send(connection, "welcome");
    expect(await heard.messages.take()).toBe("welcome");
    return { bench, coordinator, client, heard, connection };
  }

  describe(`${name} transport`, () => {
    afterEach(async () => {
      for (const bench of benches.splice(0)) await bench.close();
    });
    messageRules(begin);
    blobRules(begin);
    connectionRules(begin);
  });
}

function hello({ run }: TransportBench): string {
  const client = clientId("ada");
  return encodeMessage({
    type: "hello",
    protocol: protocolVersion,
    run,
    client,
    software: "suite",
  });
}

function slotOf({ run }: TransportBench, round = 1): UploadSlot {
  return { run, round, client: clientId("ada") };
}

function blobOf(...values: number[]) {
  const bytes = Uint8Array.from(values);
  return { bytes, hash: nodeHash.sha256(bytes) };
}

const odd = [`{"text":"\\u0000 \\"quoted\\" \\\\ äöü 漢字 😀 \u2028"}`, "", "[]", " \n"];

function messageRules(begin: () => Promise<Pair>): void {
  it("[TR3] [TR12] carries messages up unchanged and in their order", async () => {
    const { client, coordinator, connection } = await begin();
    for (const text of odd) client.send(text);
    for (const text of odd) expect(await coordinator.messages.take()).toEqual({ connection, text });
  });

  it("[TR3] [TR12] carries messages down unchanged and in their order", async () => {
    const { bench, heard, connection } = await begin();
    for (const text of odd) bench.server.send(connection, text);
    for (const text of odd) expect(await heard.messages.take()).toBe(text);
  });

  it("[TR12] carries a message of the greatest length both ways", async () => {
    const { bench, client, coordinator, heard, connection } = await begin();
    const text = '"'.repeat(maxMessageLength);
    client.send(text);
    expect((await coordinator.messages.take()).text === text).toBe(true);
    bench.server.send(connection, text);
    expect((await heard.messages.take()) === text).toBe(true);
  });

  it("[TR9] drops what is sent to a connection that is gone, without an error", async () => {
    const { bench, client, coordinator, connection } = await begin();
    await client.close();
    expect(await coordinator.closed.take()).toBe(connection);
    bench.server.send(connection, "nobody hears this");
    bench.server.disconnect(connection);
    client.send("nor this");
    expect(coordinator.messages.waiting).toEqual([]);
  });
}

function blobRules(begin: () => Promise<Pair>): void {
  it("[TR4] fetches by hash what was uploaded, bit for bit", async () => {
    const { bench, client, coordinator, connection } = await begin();
    const blob = blobOf(...Array.from({ length: 256 }, (_, i) => i));
    await client.upload(slotOf(bench), blob, never);
    const ref: BlobRef = { hash: blob.hash, bytes: blob.bytes.length };
    expect([...(await client.download(ref, never))]).toEqual([...blob.bytes]);
    expect(coordinator.downloads).toEqual([connection]);
  });

  it("[TR4] carries an empty blob", async () => {
    const { bench, client } = await begin();
    const blob = blobOf();
    await client.upload(slotOf(bench), blob, never);
    expect(await client.download({ hash: blob.hash, bytes: 0 }, never)).toHaveLength(0);
  });

  it.each([
    ["too short", [1, 2]],
    ["too long", [1, 2, 3, 4]],
    ["of the right length", [3, 2, 1]],
  ])("[TR4] reports other bytes, %s, as blob-corrupt", async (_, other) => {
    const { client, coordinator } = await begin();
    const { hash } = blobOf(1, 2, 3);
    coordinator.blobs.set(hash, Uint8Array.from(other));
    await expect(client.download({ hash, bytes: 3 }, never)).rejects.toMatchObject({
      code: "blob-corrupt",
    });
  });

  it("[TR4] reports a blob that nobody has as blob-missing", async () => {
    const { client } = await begin();
    const ref = { hash: digest("0".repeat(64)), bytes: 1 };
    await expect(client.download(ref, never)).rejects.toMatchObject({ code: "blob-missing" });
  });

  it("[TR5] takes the same bytes for a slot again and refuses others", async () => {
    const { bench, client, coordinator } = await begin();
    const slot = slotOf(bench);
    await client.upload(slot, blobOf(1, 2, 3), never);
    await client.upload(slot, blobOf(1, 2, 3), never);
    await expect(client.upload(slot, blobOf(9), never)).rejects.toMatchObject({
      code: "update-conflict",
    });
    await client.upload(slotOf(bench, 2), blobOf(9), never);
    expect(coordinator.slots.size).toBe(2);
  });

  it("[TR4] refuses to upload bytes that do not have their hash", async () => {
    const { bench, client, coordinator } = await begin();
    const blob = { bytes: Uint8Array.of(1), hash: blobOf(2).hash };
    await expect(client.upload(slotOf(bench), blob, never)).rejects.toMatchObject({
      code: "blob-corrupt",
    });
    expect(coordinator.slots.size).toBe(0);
  });

  it("[TR8] hands on the coordinator's refusal with its code and data", async () => {
    const { bench, client } = await begin();
    const bytes = new Uint8Array(mostBytes + 1);
    const blob = { bytes, hash: nodeHash.sha256(bytes) };
    const refusal = { code: "update-too-large", data: { bytes: mostBytes + 1, most: mostBytes } };
    await expect(client.upload(slotOf(bench), blob, never)).rejects.toMatchObject(refusal);
  });
}

function connectionRules(begin: () => Promise<Pair>): void {
  it("[TR7] makes a cut connection again and tells both sides", async () => {
    const { bench, client, coordinator, heard, connection } = await begin();
    bench.cut("ada");
    expect(await coordinator.closed.take()).toBe(connection);
    expect(await heard.line.take()).toBe("disconnected");
    expect(await heard.line.take()).toBe("reconnected");
    client.send(hello(bench));
    const again = await coordinator.messages.take();
    expect(again.connection).not.toBe(connection);
    bench.server.send(again.connection, "welcome back");
    expect(await heard.messages.take()).toBe("welcome back");
    const blob = blobOf(1, 2, 3);
    await client.upload(slotOf(bench), blob, never);
    expect(await client.download({ hash: blob.hash, bytes: 3 }, never)).toHaveLength(3);
  });

  it("[TR9] a connection that the coordinator ends is closed on both sides", async () => {
    const { bench, coordinator, heard, connection } = await begin();
    bench.server.send(connection, "last words");
    bench.server.disconnect(connection);
    expect(await heard.messages.take()).toBe("last words");
    expect(await heard.line.take()).toBe("disconnected");
    expect(await coordinator.closed.take()).toBe(connection);
  });

  it("[TR9] what is asked of a closed end fails with transport-closed", async () => {
    const { bench, client } = await begin();
    await client.close();
    const gone = { code: "transport-closed" };
    const { hash, bytes } = blobOf(1);
    await expect(client.upload(slotOf(bench), { hash, bytes }, never)).rejects.toMatchObject(gone);
    await expect(client.download({ hash, bytes: 1 }, never)).rejects.toMatchObject(gone);
  });

  it("[TR9] an abort ends a transfer with its reason", async () => {
    const { bench, client } = await begin();
    const called = new AbortController();
    const reason = new FedtuneError("cancelled", "The order was called off");
    called.abort(reason);
    const { hash, bytes } = blobOf(1);
    await expect(client.upload(slotOf(bench), { hash, bytes }, called.signal)).rejects.toBe(reason);
    await expect(client.download({ hash, bytes: 1 }, called.signal)).rejects.toBe(reason);
  });

  it("[TR14] closing twice is fine, on both ends", async () => {
    const { bench, client } = await begin();
    await client.close();
    await client.close();
    await bench.server.close();
    await bench.server.close();
  });
}
