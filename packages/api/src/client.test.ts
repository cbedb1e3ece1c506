import { digest, FedtuneError, utf8, virtualClock } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { createApiClient } from "./client.ts";
import { eventText } from "./event-stream.ts";
import type { Fetch, FetchRequest, FetchResponse } from "./platform.ts";

const still: Clock = { now: () => 0, after: () => () => undefined };
const me = { kind: "token", actor: "token:1", scopes: ["admin"], csrf: null } as const;

interface Sent extends FetchRequest {
  readonly url: string;
}

function answer(
  body: string | Uint8Array,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): FetchResponse {
  const bytes = typeof body === "string" ? utf8(body) : body;
  let isRead = false;
  const read = () => {
    const part = isRead ? { done: true } : { done: false, value: bytes };
    isRead = true;
    return Promise.resolve(part);
  };
  return {
    ok: status < 300,
    status,
    headers: { get: (name) => headers[name] ?? null },
    body: { getReader: () => ({ read, cancel: () => Promise.resolve() }) },
  };
}

function clientThat(respond: (sent: Sent, call: number) => FetchResponse, clock: Clock = still) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, request) => {
    sent.push({ ...request, url });
    return Promise.resolve(respond(sent.at(-1)!, sent.length));
  };
  const headers = () => ({ authorization: "Bearer key" });
  const client = createApiClient({ url: "http://x/", fetch, clock, hash: nodeHash, headers });
  return { client, sent };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof FedtuneError ? error.code : String(error)),
  );
}

const run = "toy";

describe("a request", () => {
  it("[AP1] is made from the table: method, address, query, body, headers", async () => {
    const { client, sent } = clientThat(() => answer("", { status: 204 }));
    await client.deleteRun({ params: { run } });
    await codeOf(client.listRounds({ params: { run }, query: { from: 3, limit: 2 } }));
    await codeOf(client.createRun({ body: { config: { name: "a/b" } } }));
    expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
      ["DELETE", "http://x/api/v1/runs/toy", undefined],
      ["GET", "http://x/api/v1/runs/toy/rounds?from=3&limit=2", undefined],
      ["POST", "http://x/api/v1/runs", '{"config":{"name":"a/b"}}'],
    ]);
    expect(sent[2]!.headers).toMatchObject({
      authorization: "Bearer key",
      "content-type": "application/json",
    });
    expect(sent[0]!.headers).not.toHaveProperty("content-type");
  });

  it("cannot leave its address through a parameter", async () => {
    const { client, sent } = clientThat(() => answer("", { status: 204 }));
    await client.deleteRun({ params: { run: "../../x?y#z" } });
    expect(sent[0]!.url).toBe("http://x/api/v1/runs/..%2F..%2Fx%3Fy%23z");
  });
});

describe("an answer", () => {
  it("[AP1] is parsed by the schema of its route; unknown fields of a newer server do not matter", async () => {
    const { client } = clientThat(() => answer(JSON.stringify({ ...me, planet: "earth" })));
    expect(await client.getMe()).toEqual(me);
  });

  it.each(["", "{", "null", '{"kind":"token"}', JSON.stringify({ ...me, scopes: ["all"] })])(
    "[AP1] %j is refused with message-invalid",
    async (body) => {
      const { client } = clientThat(() => answer(body));
      expect(await codeOf(client.getMe())).toBe("message-invalid");
    },
  );

  it("[AP1] that is an error is thrown as it was at the server", async () => {
    const body = JSON.stringify({ code: "run-unknown", message: "no", data: { run } });
    const { client } = clientThat(() => answer(body, { status: 404 }));
    await expect(client.getRun({ params: { run } })).rejects.toMatchObject({
      code: "run-unknown",
      message: "no",
      data: { run },
    });
  });

  it.each([
    [401, "unauthenticated"],
    [403, "forbidden"],
    [429, "rate-limited"],
    [502, "transport-closed"],
    [418, "message-invalid"],
  ])("of something in between with status %i becomes %s", async (status, code) => {
    const { client } = clientThat(() => answer("<html>", { status }));
    expect(await codeOf(client.getMe())).toBe(code);
  });

  it("of bytes must have the hash that it names", async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const headers = (hash: string) => ({
      "x-fedtune-hash": hash,
      "x-fedtune-round": "3",
      "x-fedtune-rank": "2",
    });
    const good = clientThat(() => answer(bytes, { headers: headers(nodeHash.sha256(bytes)) }));
    const input = { params: { run, round: "latest" } } as const;
    expect(await good.client.getAdapter(input)).toEqual({
      bytes,
      headers: headers(nodeHash.sha256(bytes)),
    });
    const wrong = clientThat(() => answer(bytes, { headers: headers(digest("0".repeat(64))) }));
    expect(await codeOf(wrong.client.getAdapter(input))).toBe("blob-corrupt");
  });
});

describe("a wait", () => {
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const never: Fetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reject(new Error("aborted"));
      });
    });

  it("ends at its deadline", async () => {
    const clock = virtualClock(settle);
    const client = createApiClient({ url: "http://x", fetch: never, clock, headers: () => ({}) });
    expect(await clock.runUntil(codeOf(client.getMe()))).toBe("timeout");
    expect(clock.now()).toBe(60_000);
  });

  it("ends when it is called off", async () => {
    const client = createApiClient({
      url: "http://x",
      fetch: never,
      clock: still,
      headers: () => ({}),
    });
    const controller = new AbortController();
    const code = codeOf(client.getMe({ signal: controller.signal }));
    controller.abort();
    expect(await code).toBe("cancelled");
  });

  it("says that nobody is there", async () => {
    const fetch: Fetch = () => Promise.reject(new Error("ECONNREFUSED"));
    const client = createApiClient({ url: "http://x", fetch, clock: still, headers: () => ({}) });
    await expect(client.getMe()).rejects.toMatchObject({
      code: "transport-closed",
      message: "Cannot reach the coordinator at http://x: ECONNREFUSED",
    });
  });
});

describe("following", () => {
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const missed = JSON.stringify({ type: "missed" });
  const event = (id: string) => eventText({ type: "message", id, data: missed });
  const end = eventText({ type: "end", id: null, data: "{}" });

  async function collect(respond: (sent: Sent, call: number) => FetchResponse) {
    const clock = virtualClock(settle);
    const { client, sent } = clientThat(respond, clock);
    const work = async () => {
      let events = 0;
      for await (const one of client.followRun({ params: { run } }))
        if (one.type === "missed") events += 1;
      return events;
    };
    const events = await clock.runUntil(work()).catch((error: unknown) => error);
    return { events, ids: sent.map(({ headers }) => headers["last-event-id"] ?? null) };
  }

  it("[AP4] goes on after the last event that it got, over streams that break off", async () => {
    const streams = [event("a-1") + event("a-2"), event("a-3"), end];
    expect(await collect((_sent, call) => answer(streams[call - 1] ?? end))).toEqual({
      events: 3,
      ids: [null, "a-2", "a-3"],
    });
  });

  it("[AP4] ends when the server says that there is nothing to come", async () => {
    const respond = (_sent: Sent, call: number) =>
      call === 1 ? answer(event("a-1")) : answer("", { status: 204 });
    expect(await collect(respond)).toEqual({ events: 1, ids: [null, "a-1"] });
  });

  it("gives up after five failures in a row, and at once where trying again is no use", async () => {
    const busy = JSON.stringify({ code: "draining", message: "later" });
    const tried = await collect(() => answer(busy, { status: 503 }));
    expect(tried.events).toMatchObject({ code: "draining" });
    expect(tried.ids).toHaveLength(5);
    const no = JSON.stringify({ code: "forbidden", message: "no" });
    expect((await collect(() => answer(no, { status: 403 }))).ids).toHaveLength(1);
  });

  it("[AP1] refuses an event that is none", async () => {
    const { events } = await collect(() => answer('data: {"type":"dance"}\n\n'));
    expect(events).toMatchObject({ code: "message-invalid" });
  });
});
