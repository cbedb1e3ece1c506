import express from "express";
import { nodeClock } from "@fedtune/node-ports";
import type { Clock } from "@fedtune/core";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { FeedReader } from "./feed.ts";
import { sendEvents } from "./send-events.ts";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

interface Timer {
  readonly ms: number;
  readonly call: () => void;
}

/** Serves one feed; resolves once somebody reads it. */
async function reading() {
  const timers = new Set<Timer>();
  const clock: Clock = {
    now: () => nodeClock.now(),
    after(ms, call) {
      const timer = { ms, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  let left: () => void;
  const gone = new Promise<void>((resolve) => (left = resolve));
  let came: (reader: FeedReader<unknown>) => void;
  const reader = new Promise<FeedReader<unknown>>((resolve) => (came = resolve));
  const feed = {
    isOver: () => false,
    read(_id: string | null, one: FeedReader<unknown>) {
      came(one);
      return () => {
        left();
      };
    },
  };
  const app = express();
  app.get("/", (request, response) => {
    sendEvents({ request, response }, feed, { clock, check: () => undefined });
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, reader, gone, timers };
}

describe("a stream of events", () => {
  it("cuts off a reader that does not read, and leaves no timer behind", async () => {
    const { port, reader, gone, timers } = await reading();
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const one = await reader;
    const event = { text: "x".repeat(1 << 20) };
    // More than any buffer on the way holds.
    for (let k = 0; k < 64; k++) one.event(event, String(k));
    one.end(true);
    await gone;
    expect(timers.size).toBe(0);
    socket.destroy();
  });

  it("speaks in silence, and ends after a while for its reader to come back", async () => {
    const { port, gone, timers } = await reading();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const [beat] = [...timers].filter(({ ms }) => ms === 15_000);
    const [end] = [...timers].filter(({ ms }) => ms === 900_000);
    timers.delete(beat!);
    beat!.call();
    end!.call();
    expect(await response.text()).toBe(":\n\n");
    await gone;
    expect(timers.size).toBe(0);
  });
});
