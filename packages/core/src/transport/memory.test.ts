import { nodeHash, transportConformance } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../clock/virtual.ts";
import { clientId, runId } from "../ids.ts";
import { memoryNetwork } from "./memory.ts";

transportConformance("memory", () => {
  // Whatever is to happen later happens at the next turn of the event loop.
  const clock = {
    now: () => 0,
    after: (_ms: number, callback: () => void) => {
      const turn = setImmediate(callback);
      return () => {
        clearImmediate(turn);
      };
    },
  };
  const network = memoryNetwork({ clock, verify: nodeHash });
  return Promise.resolve({
    run: runId("suite"),
    server: network.server,
    client: (name) => network.client(name),
    cut: (name) => {
      network.cut(name);
    },
    close: () => network.server.close(),
  });
});

it.each([true, false])(
  "hands over what messages encode where it is told to: %s",
  async (handsOver) => {
    const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
    const network = memoryNetwork({ clock, handsOver });
    const run = runId("suite");
    const [up, down] = [
      { type: "leave", run } as const,
      { type: "finished", run, status: "completed", rounds: 1 } as const,
    ];
    const heard: unknown[] = [];
    network.server.listen({
      message(connection, text, said) {
        heard.push(text, said);
        network.server.send(connection, "down", down);
      },
      closed: () => undefined,
      upload: () => Promise.resolve(),
      download: () => Promise.resolve(new Uint8Array()),
    });
    const client = network.client("a");
    const arrived = new Promise<void>((resolve) => {
      const events = {
        message(text: string, said?: unknown) {
          heard.push(text, said);
          resolve();
        },
        disconnected: () => undefined,
        reconnected: () => undefined,
      };
      void client.open(events, new AbortController().signal).then(() => {
        client.send("up", up);
      });
    });
    await arrived;
    expect(heard).toEqual(
      handsOver ? ["up", up, "down", down] : ["up", undefined, "down", undefined],
    );
  },
);

describe("a network whose blobs take time", () => {
  const blob = { bytes: new Uint8Array(1000), hash: nodeHash.sha256(new Uint8Array(1000)) };
  const slot = { run: runId("suite"), round: 1, client: clientId("a") };

  function openNetwork() {
    const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
    const network = memoryNetwork({ clock, transferMs: ({ bytes }) => bytes });
    const heard: string[] = [];
    network.server.listen({
      message: () => undefined,
      closed: (connection) => heard.push(`closed ${connection}`),
      upload: (connection) => Promise.resolve(void heard.push(`upload ${connection}`)),
      uploading: (connection) => heard.push(`uploading ${connection} at ${clock.now()}`),
      download: () => Promise.resolve(blob.bytes),
    });
    const client = network.client("a");
    const events = {
      message: () => undefined,
      disconnected: () => heard.push("disconnected"),
      reconnected: () => heard.push("reconnected"),
    };
    const lifetime = new AbortController();
    return {
      clock,
      network,
      heard,
      client,
      lifetime,
      open: () => client.open(events, lifetime.signal),
    };
  }

  it("an upload is announced when it begins and arrives when its time has passed", async () => {
    const { clock, heard, client, lifetime, open } = openNetwork();
    await open();
    await clock.runUntil(client.upload(slot, blob, lifetime.signal));
    expect(heard).toEqual(["uploading a#0 at 0", "upload a#0"]);
    expect(clock.now()).toBe(1000);
    await clock.runUntil(client.download({ hash: blob.hash, bytes: 1000 }, lifetime.signal));
    expect(clock.now()).toBe(2000);
  });

  it("a cut breaks a transfer off, and so does whoever calls it off", async () => {
    const { clock, network, client, lifetime, open } = openNetwork();
    await open();
    clock.after(500, () => {
      network.cut("a");
    });
    await expect(clock.runUntil(client.upload(slot, blob, lifetime.signal))).rejects.toMatchObject({
      code: "transport-closed",
    });
    await clock.runUntil(new Promise<void>((resolve) => clock.after(2000, resolve)));
    clock.after(10, () => {
      lifetime.abort(new Error("called off"));
    });
    await expect(
      clock.runUntil(client.download({ hash: blob.hash, bytes: 1000 }, lifetime.signal)),
    ).rejects.toThrow("called off");
  });

  it("a held client opens, or comes back, when it is released and not before", async () => {
    const { clock, network, heard, open } = openNetwork();
    const later = (ms: number) =>
      clock.runUntil(new Promise<void>((done) => clock.after(ms, done)));
    network.hold("a");
    const opening = open().then(() => heard.push(`open at ${clock.now()}`));
    await later(100);
    expect(heard).toEqual([]);
    network.release("a");
    await opening;
    network.cut("a");
    network.hold("a");
    await later(5000);
    network.release("a");
    network.release("a");
    expect(heard).toEqual(["open at 100", "closed a#0", "disconnected", "reconnected"]);
  });
});
