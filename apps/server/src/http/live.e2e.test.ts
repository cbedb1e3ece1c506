/** The live feed over real sockets: who is let in, what is told, and what happens when the line is cut or slow. */
import { liveNamespace, maxFollowed } from "@fedtune/api";
import type { FollowAnswer, LiveEnd, LiveEvent, Scope } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { mailbox } from "@fedtune/testkit";
import type { Mailbox } from "@fedtune/testkit";
import fc from "fast-check";
import { nodeClock } from "@fedtune/node-ports";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../listen.ts";
import { scopedClock } from "../scoped-clock.ts";
import { revocations } from "../security/revocations.ts";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { rawClient, updateOf } from "../test-support/raw-client.ts";
import { tcpProxy } from "../test-support/tcp-proxy.ts";
import { layout, toyConfig } from "../test-support/toy-run.ts";
import { eventRing } from "./event-ring.ts";
import type { EventRing } from "./event-ring.ts";
import { serveLive } from "./live.ts";
import type { RunEvent } from "./run-service.ts";

let server: ApiServer;
const opened: Socket[] = [];
beforeEach(async () => {
  server = await apiServer();
});
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.disconnect();
  await server.close();
  expect(server.failures).toEqual([]);
});

const toy = runId("toy");

/** A program with a token; without scopes: nobody. */
function reader(scopes: readonly Scope[] = ["runs:read"], url = server.url) {
  const token = scopes.length === 0 ? {} : { token: server.security.bearer(...scopes) };
  return listening(io(url + liveNamespace, { ...options, auth: token }));
}

const options = {
  ...{ transports: ["websocket"], forceNew: true },
  ...{ reconnectionDelay: 5, reconnectionDelayMax: 20 },
};

function listening(socket: Socket) {
  opened.push(socket);
  const [events, ends, refusals] = [mailbox<LiveEvent>(), mailbox<LiveEnd>(), mailbox<unknown>()];
  socket.on("event", (event: LiveEvent) => {
    events.put(event);
  });
  socket.on("end", (end: LiveEnd) => {
    ends.put(end);
  });
  socket.on("connect_error", (error) => {
    refusals.put((error as Error & { data?: unknown }).data);
  });
  const ask = (word: string, request: unknown): Promise<FollowAnswer> =>
    socket.timeout(5_000).emitWithAck(word, request) as Promise<FollowAnswer>;
  return { socket, events, ends, refusals, ask };
}

/** What was put and not taken. */
function drained<T>(box: Mailbox<T>): readonly T[] {
  const all = [...box.waiting];
  for (const _ of all) void box.take();
  return all;
}

async function made(numRounds = 2): Promise<void> {
  const rounds = { minAvailableClients: 1, minFitClients: 1, numRounds };
  await server.client("runs:write").createRun({ body: { config: toyConfig({ rounds }) } });
}

async function played(rounds: number, before: (round: number) => void = () => undefined) {
  const client = await rawClient(server.url, "ada");
  await client.enrol();
  for (let round = 1; round <= rounds; round++) {
    const order = await client.hear("order");
    before(round);
    await client.deliver(order, updateOf(order, new Float32Array(layout.size).fill(round)));
  }
  await client.hear("finished");
  await client.close();
}

describe("the live feed", () => {
  it("[AP4] tells how things are, then what happens, and that it is over", async () => {
    await made();
    const { ask, events, ends } = reader();
    expect(await ask("follow", { run: toy, after: null })).toEqual({ ok: true });
    expect(await events.take()).toMatchObject({ run: toy, event: { type: "state" } });
    await played(2);
    expect(await ends.take()).toEqual({ run: toy, forGood: true });
    const told = drained(events);
    const rounds = told.flatMap(({ event }) => (event.type === "round" ? event.round.round : []));
    expect(rounds).toEqual([1, 2]);
    expect(told.map(({ event }) => event.type)).toContain("members");
    expect(told.at(-1)?.event).toMatchObject({ type: "state", state: { phase: "completed" } });
  });

  it("[SE1] lets in who may read runs, and nobody else", async () => {
    await made();
    expect(await reader([]).refusals.take()).toMatchObject({ code: "unauthenticated" });
    expect(await reader(["metrics:read"]).refusals.take()).toMatchObject({ code: "forbidden" });
    const stranger = listening(
      io(server.url + liveNamespace, { ...options, auth: { token: "x" } }),
    );
    expect(await stranger.refusals.take()).toMatchObject({ code: "unauthenticated" });
    const admin = reader(["admin"]);
    expect(await admin.ask("follow", { run: toy, after: null })).toEqual({ ok: true });
  });

  it("refuses what it cannot do with a code, and goes on", async () => {
    await made();
    const { ask } = reader();
    const error = (code: string) => ({ ok: false, error: { code } });
    expect(await ask("follow", { run: "nobody", after: null })).toMatchObject(error("run-unknown"));
    for (const request of [
      ...[null, 1, "toy", {}, { run: "../x", after: null }, { run: toy }],
      ...[
        { run: toy, after: "<script>" },
        { run: toy, after: null, more: 1 },
      ],
    ]) {
      expect(await ask("follow", request)).toMatchObject(error("message-invalid"));
    }
    expect(await ask("steer", { run: toy })).toMatchObject(error("message-invalid"));
    expect(await ask("unfollow", { run: toy })).toEqual({ ok: true });
    expect(await ask("follow", { run: toy, after: "other-1" })).toEqual({ ok: true });
  });

  it("ends a reader that says too much, and takes no more readers than it may", async () => {
    await server.close();
    server = await apiServer({ live: { maxConnections: 1 } });
    const first = reader();
    await first.ask("unfollow", { run: toy });
    expect(await reader().refusals.take()).toMatchObject({ code: "rate-limited" });
    const gone = new Promise((resolve) => first.socket.once("disconnect", resolve));
    for (let word = 0; word < 100; word++) first.socket.emit("follow", { run: toy });
    expect(await gone).toBe("io server disconnect");
  });

  it("says nothing any more of what is not followed any more", async () => {
    await made(3);
    const { ask, events } = reader();
    await ask("follow", { run: toy, after: null });
    await ask("unfollow", { run: toy });
    drained(events);
    await played(3);
    expect(drained(events)).toEqual([]);
    expect(maxFollowed).toBeGreaterThan(1);
  });

  it("[AP4] says what was missed, when it is too long ago", async () => {
    await server.close();
    server = await apiServer({ events: { capacity: 2 } });
    await made(3);
    const { ask, events } = reader();
    await ask("follow", { run: toy, after: null });
    const [{ id }] = [await events.take()];
    await ask("unfollow", { run: toy });
    await played(3);
    await ask("follow", { run: toy, after: id });
    const types = drained(events).map(({ event }) => event.type);
    expect(types.slice(0, 2)).toEqual(["missed", "state"]);
  });

  it("[AP4] goes on without a gap and without a double over any cuts of the line", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }),
        async (cuts) => {
          await server.close();
          server = await apiServer();
          const proxy = await tcpProxy(Number(new URL(server.url).port));
          await made(6);
          const { socket, ends } = reader(["runs:read"], proxy.url);
          const rounds: number[] = [];
          const kinds: string[] = [];
          let last: string | null = null;
          socket.on("event", ({ id, event }: LiveEvent) => {
            last = id ?? last;
            kinds.push(event.type);
            if (event.type === "round") rounds.push(event.round.round);
          });
          // As a page does: whenever the line is there again, it asks from where it is.
          const ask = (): void => void socket.emit("follow", { run: toy, after: last }, () => {});
          const begun = new Promise<void>((resolve) => {
            socket.once("event", () => {
              resolve();
            });
          });
          socket.on("connect", ask);
          socket.on("end", ({ forGood }: LiveEnd) => {
            if (!forGood) ask();
          });
          await begun;
          await played(6, (round) => {
            if (cuts.includes(round)) proxy.cut();
          });
          for (let end = await ends.take(); !end.forGood;) end = await ends.take();
          expect(rounds).toEqual([1, 2, 3, 4, 5, 6]);
          expect(kinds).not.toContain("missed");
          socket.disconnect();
          await proxy.close();
        },
      ),
      { numRuns: 8 },
    );
  });

  it.each([
    ["hears all of it, where all of it is held", 1_000, false],
    ["is told that it missed some, where no more is held", 20, true],
  ])("a slow reader stands still in little memory, and then %s", async (_, capacity, isMissed) => {
    const ring = heavyRing(capacity);
    const { url, close } = await serving(ring);
    const slow = listening(io(url + liveNamespace, options));
    await slow.ask("follow", { run: toy, after: "r-0" });
    wireOf(slow.socket).pause();
    // Some megabytes fit into the buffers of the system.
    let pushed = 0;
    while (ring.readers() === 1) {
      for (let at = 0; at < 20; at++) ring.push(heavy(++pushed));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (let at = 0; at < 200; at++) ring.push(heavy(++pushed));
    expect(ring.readers()).toBe(0);
    wireOf(slow.socket).resume();
    const heard: number[] = [];
    const kinds = new Set<string>();
    while (heard.at(-1) !== pushed) {
      const { event } = await slow.events.take();
      kinds.add(event.type);
      if (event.type === "abandoned") heard.push(event.attempt.round);
    }
    expect(kinds.has("missed")).toBe(isMissed);
    if (!isMissed) expect(heard).toEqual(Array.from({ length: pushed }, (__, at) => at + 1));
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    expect(ring.readers()).toBe(1);
    slow.socket.disconnect();
    await close();
  });

  it("is over at once for whom nothing admits any more", async () => {
    await made();
    const { socket, ask } = reader();
    await ask("follow", { run: toy, after: null });
    const gone = new Promise((resolve) => socket.once("disconnect", resolve));
    server.security.forget();
    server.revocations.tell({ kind: "token", id: "whichever" });
    expect(await gone).toBe("io server disconnect");
  });
});

/** Fifty kilobytes with a number. */
function heavy(round: number): RunEvent {
  const attempt = { round, attempt: 1, code: "timeout", text: "x".repeat(50_000) } as const;
  return { type: "abandoned", attempt };
}

function heavyRing(capacity: number): EventRing<RunEvent> {
  let newest = 0;
  const ring = eventRing<RunEvent>({
    ...{ name: "r", capacity, admit: () => {}, missed: { type: "missed" } },
    current: () => [heavy(newest)],
  });
  return {
    ...ring,
    push(event) {
      if (event.type === "abandoned") newest = event.attempt.round;
      ring.push(event);
    },
  };
}

/** A live feed of one ring, to which everybody is let in. */
async function serving(ring: EventRing<RunEvent>) {
  const http = createServer();
  const hub = new Server(http, { transports: ["websocket"], serveClient: false });
  const anybody = { kind: "token", actor: "token:any", scopes: ["runs:read"] } as const;
  const clock = scopedClock(nodeClock);
  const live = serveLive({
    ...{ namespace: hub.of(liveNamespace), clock, isTrusted: () => false },
    ...{ runs: { follow: () => Promise.resolve(ring) }, log: { failed: () => undefined } },
    security: {
      ...{ authenticate: () => Promise.resolve(anybody), revocations: revocations() },
      limits: { takeAt: () => Promise.resolve() },
    },
  });
  const { url } = await listen(http, "127.0.0.1", 0);
  const close = async (): Promise<void> => {
    live.close();
    clock.close();
    await hub.close();
  };
  return { url, close };
}

/** The TCP socket below a client's websocket. */
function wireOf(socket: Socket): { pause(): void; resume(): void } {
  const { transport } = socket.io.engine as unknown as {
    readonly transport: { readonly ws: { readonly _socket: { pause(): void; resume(): void } } };
  };
  return transport.ws._socket;
}
