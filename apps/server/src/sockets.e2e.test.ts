import { socketTransport } from "@fedtune/client";
import { runId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import type { CoordinatorServer, ServerOptions } from "./start-server.ts";
import { helloOf, rawClient } from "./test-support/raw-client.ts";
import type { RawClient } from "./test-support/raw-client.ts";
import { toyServer, toySetup } from "./test-support/toy-run.ts";

let closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of closing.reverse()) await each.close();
  closing = [];
});

function keep<T extends { close(): Promise<void> }>(opened: T): T {
  closing.push(opened);
  return opened;
}

async function serving(options: Partial<ServerOptions> = {}): Promise<CoordinatorServer> {
  return keep(await toyServer({ runs: [{ setup: toySetup() }], ...options }));
}

async function connected(server: CoordinatorServer, name = "ada"): Promise<RawClient> {
  return keep(await rawClient(server.address.url, name));
}

/** A bare socket.io client, for events and headers that our own never sends. */
function bareSocket(server: CoordinatorServer, headers: Record<string, string> = {}): Socket {
  const options = {
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
  };
  const socket = io(server.address.url, options);
  keep({ close: () => Promise.resolve(void socket.disconnect()) });
  return socket;
}

function next(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve));
}

describe("messages that are wrong", () => {
  it("[TR1] refuses a hello of another protocol, whatever else it holds", async () => {
    const client = await connected(await serving());
    client.transport.send(JSON.stringify({ type: "hello", protocol: 2, region: "north" }));
    expect((await client.hear("goodbye")).code).toBe("protocol-version");
  });

  it.each(["", "{", "[]", '{"type":"hello"}', '{"type":"dance"}'])(
    "[TR2] answers %j with message-invalid",
    async (text) => {
      const client = await connected(await serving());
      client.transport.send(text);
      expect((await client.hear("goodbye")).code).toBe("message-invalid");
    },
  );

  it("[TR2] answers nonsense of an enrolled client with message-invalid", async () => {
    const client = await connected(await serving());
    await client.enrol();
    client.transport.send("nonsense");
    expect((await client.hear("goodbye")).code).toBe("message-invalid");
  });

  it.each<[string, unknown[]]>([
    ["another event", ["dance", "text"]],
    ["bytes", ["message", Buffer.from("{}")]],
    ["an object", ["message", { type: "hello" }]],
    ["nothing", ["message"]],
  ])("[TR2] answers %s in place of a text with message-invalid", async (_, [event, ...values]) => {
    const socket = bareSocket(await serving());
    await next(socket, "key");
    const ends = [next(socket, "message"), next(socket, "disconnect")];
    socket.emit(String(event), ...values);
    const [goodbye] = await Promise.all(ends);
    expect(goodbye).toContain('"code":"message-invalid"');
  });

  it("[TR6] takes nothing before hello", async () => {
    const client = await connected(await serving());
    client.say({ type: "leave", run: runId("toy") });
    expect((await client.hear("goodbye")).code).toBe("unknown-client");
  });

  it("[TR8] cuts a connection that sends a message beyond all limits, and goes on serving", async () => {
    const server = await serving();
    const socket = bareSocket(server);
    await next(socket, "key");
    socket.emit("message", "x".repeat(5_000_000));
    await next(socket, "disconnect");
    expect((await (await connected(server)).enrol()).index).toBe(0);
  });
});

describe("runs", () => {
  it("[TR13] routes a hello to the run that it names, and to the only one when it names none", async () => {
    const setups = ["one", "two"].map((name) => toySetup({ name }));
    const server = await serving({ runs: setups.map((setup) => ({ setup })) });
    const client = await connected(server);
    client.say(helloOf("ada", runId("two")));
    expect((await client.hear("welcome")).run).toBe("two");
    const alone = await connected(await serving());
    expect((await alone.enrol()).run).toBe("toy");
  });

  it.each<[string, string | null]>([
    ["of a name that nobody has", "three"],
    ["of no name, when there are several", null],
  ])("[TR13] refuses a run %s with run-unknown", async (_, run) => {
    const server = await serving({
      runs: ["one", "two"].map((name) => ({ setup: toySetup({ name }) })),
    });
    const client = await connected(server);
    client.say(helloOf("ada", run === null ? null : runId(run)));
    expect((await client.hear("goodbye")).code).toBe("run-unknown");
  });

  it("[TR13] a later hello cannot change the run of a connection", async () => {
    const server = await serving({
      runs: ["one", "two"].map((name) => ({ setup: toySetup({ name }) })),
    });
    const client = await connected(server);
    client.say(helloOf("ada", runId("one")));
    await client.hear("welcome");
    client.say(helloOf("ada", runId("two")));
    expect((await client.hear("goodbye")).code).toBe("run-unknown");
  });

  it("[RE10] sends who asks for a run that is on its way back without a word: it comes again", async () => {
    const asked: unknown[] = [];
    const expects = (run: unknown) => Promise.resolve(asked.push(run) > 0 && run === "late");
    const server = await serving({ extend: () => ({ expects }) });
    const hello = JSON.stringify(helloOf("ada", runId("late")));
    const socket = bareSocket(server);
    const heard: unknown[] = [];
    socket.on("message", (text) => heard.push(text));
    await next(socket, "key");
    const gone = next(socket, "disconnect");
    socket.emit("message", hello);
    await gone;
    expect([heard, asked]).toEqual([[], ["late"]]);
    await server.openRun({ setup: toySetup({ name: "late" }) });
    const again = await connected(server);
    again.transport.send(hello);
    expect((await again.hear("welcome")).run).toBe("late");
    const stranger = await connected(server);
    stranger.say(helloOf("bob", runId("never")));
    expect((await stranger.hear("goodbye")).code).toBe("run-unknown");
  });

  it("[RE11] tells a client that comes after the end that the run is over", async () => {
    const server = await serving();
    const coordinator = server.coordinator(runId("toy"));
    const end = coordinator.run();
    coordinator.stop();
    expect((await end).status).toBe("stopped");
    const client = await connected(server);
    await client.enrol();
    expect(await client.hear("finished")).toMatchObject({ status: "stopped", rounds: 0 });
  });

  it("[TR15] tells the older of two connections of one client that it was replaced", async () => {
    const server = await serving();
    const older = await connected(server);
    await older.enrol();
    const newer = await connected(server);
    expect((await newer.enrol()).index).toBe(0);
    expect((await older.hear("goodbye")).code).toBe("client-replaced");
  });
});

describe("bounds", () => {
  it("[TR10] [TR9] ends a connection that says no hello, and keeps one that did", async () => {
    const server = await serving({ limits: { helloTimeoutMs: 200 } });
    const polite = await connected(server, "bob");
    await polite.enrol();
    const silent = await connected(server);
    expect((await silent.hear("goodbye")).code).toBe("timeout");
    polite.say(helloOf("bob"));
    expect((await polite.hear("welcome")).index).toBe(0);
  });

  it("[TR10] ends a connection that floods, and keeps the others", async () => {
    const server = await serving({ limits: { messageBurst: 5, messagesPerSecond: 1 } });
    const polite = await connected(server, "bob");
    await polite.enrol();
    const flood = await connected(server);
    for (let i = 0; i < 50; i++) flood.say(helloOf("ada"));
    expect((await flood.hear("goodbye")).code).toBe("rate-limited");
    polite.say(helloOf("bob"));
    await polite.hear("welcome");
  });

  it("[TR10] refuses a connection beyond the greatest number until another ends", async () => {
    const server = await serving({ limits: { maxConnections: 1 } });
    const first = await connected(server);
    const socket = bareSocket(server);
    const error = (await next(socket, "connect_error")) as Error & { data: unknown };
    expect(error.data).toEqual({ code: "rate-limited" });
    const second = rawClient(server.address.url, "bob");
    await first.close();
    await keep(await second).enrol();
  });
});

describe("who is let in", () => {
  it("[TR11] [TR6] refuses a page of another origin and takes its own", async () => {
    const server = await serving();
    const { port, url } = server.address;
    const foreign = bareSocket(server, { origin: "http://evil.example" });
    await next(foreign, "connect_error");
    const rebound = bareSocket(server, {
      origin: `http://evil.example:${port}`,
      host: `evil.example:${port}`,
    });
    await next(rebound, "connect_error");
    const own = bareSocket(server, { origin: url });
    expect(await next(own, "key")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("[TR9] an opening ends with a reason: nobody there, an abort, an address that is none", async () => {
    const ports = { clock: nodeClock, hash: nodeHash, fetch };
    const events = { message() {}, disconnected() {}, reconnected() {} };
    const { url } = (await serving()).address;
    await closing.pop()?.close();
    const nobody = socketTransport({ ...ports, url, openTimeoutMs: 200, reconnectMs: 20 });
    const never = new AbortController().signal;
    await expect(nobody.open(events, never)).rejects.toMatchObject({
      code: "timeout",
      data: { url },
    });
    const aborting = new AbortController();
    const aborted = socketTransport({ ...ports, url }).open(events, aborting.signal);
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ code: "cancelled" });
    for (const wrong of ["localhost:1", "ftp://x", "http://x/path", ""]) {
      expect(() => socketTransport({ ...ports, url: wrong })).toThrow(/wanted an address like/);
    }
  });

  it("[TR14] a closed server leaves no socket and no timer", async () => {
    // Fewer is fine: what earlier tests left to the platform may go meanwhile.
    const count = () =>
      process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length;
    const before = count();
    const server = await serving();
    const client = await connected(server);
    await client.enrol();
    void server.coordinator(runId("toy")).run();
    for (const each of closing.splice(0).reverse()) await each.close();
    await server.close();
    await expect.poll(count, { timeout: 2_000 }).toBeLessThanOrEqual(before);
  });
});
