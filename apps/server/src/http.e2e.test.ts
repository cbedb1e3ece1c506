import { digest, memoryBlobs, memoryStore, runId } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { pino } from "pino";
import { connect } from "node:net";
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startServer } from "./start-server.ts";
import type { CoordinatorServer } from "./start-server.ts";
import { helloOf, rawClient } from "./test-support/raw-client.ts";
import { toyServer, toySetup } from "./test-support/toy-run.ts";

const absent = "0".repeat(64);
const canary = Uint8Array.from({ length: 64 }, (_, i) => i + 65);
const rounds = { minAvailableClients: 1, minFitClients: 1, numRounds: 1 };
/** Its first adapter is a blob: something that clients may read. */
const setup = toySetup({ rounds, method: { name: "ffa-lora", orthonormalInit: true } });
const published = setup.tiers[0].initialBlob!;

let server: CoordinatorServer;
let blobs: Blobs;
let log: string[];
let closing: { close(): Promise<void> }[];

beforeEach(async () => {
  blobs = memoryBlobs();
  log = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => log.push(line) });
  const runs = [{ setup }, { setup: toySetup({ name: "other" }) }];
  server = await toyServer({ blobs, runs, logger });
  closing = [server];
});
afterEach(async () => {
  for (const each of closing.reverse()) await each.close();
});

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(server.address.url + path, init);
}

function keep<T extends { close(): Promise<void> }>(opened: T): T {
  closing.push(opened);
  return opened;
}

/** An enrolled client and the key of its connection, read from its own request. */
async function enrolled(name = "ada") {
  let key = "";
  const client = keep(
    await rawClient(server.address.url, name, (url, init) => {
      key = init.headers["authorization"] ?? "";
      return fetch(url, init);
    }),
  );
  client.say(helloOf(name, runId("toy")));
  const welcome = await client.hear("welcome");
  const { hash, bytes } = published;
  await client.transport.download({ hash, bytes: bytes.length }, new AbortController().signal);
  return { client, key, welcome };
}

const blobPath = `/runs/toy/blobs/${published.hash}`;

describe("the data plane", () => {
  it("[TR6] serves no blob without the key of a live connection to that run", async () => {
    const { client, key } = await enrolled();
    const status = async (path: string, authorization?: string) =>
      (await ask(path, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status(blobPath, key)).toBe(200);
    expect(await status(blobPath)).toBe(401);
    expect(await status(blobPath, "Bearer ")).toBe(401);
    expect(await status(blobPath, `Bearer ${absent}`)).toBe(401);
    expect(await status(blobPath.replace("toy", "other"), key)).toBe(401);
    await client.close();
    expect(await status(blobPath, key)).toBe(401);
  });

  it("[TR6] takes an update only for the client that the connection speaks for", async () => {
    const { key } = await enrolled();
    const headers = { authorization: key, "x-fedtune-hash": nodeHash.sha256(canary) };
    const put = (path: string) => ask(path, { method: "PUT", headers, body: canary });
    expect((await put("/runs/toy/rounds/1/updates/bob")).status).toBe(401);
    expect((await put("/runs/toy/rounds/1/updates/ada")).status).toBe(204);
  });

  it("[HT2] blobs may be kept for good, but only by their reader", async () => {
    const { key } = await enrolled();
    const response = await ask(blobPath, { headers: { authorization: key } });
    expect(response.headers.get("cache-control")).toBe("private, immutable, max-age=31536000");
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(published.bytes);
  });

  it("[TR8] refuses by the announced length, before the body comes", async () => {
    const { key } = await enrolled();
    const headers = {
      authorization: key,
      "x-fedtune-hash": absent,
      "content-length": "1000000000000",
    };
    const path = "/runs/toy/rounds/1/updates/ada";
    const status = await new Promise((resolve, reject) => {
      const sent = request(server.address.url + path, { method: "PUT", headers }, (response) => {
        resolve(response.statusCode);
      });
      sent.on("error", reject);
      // The rest never comes: what answers has not waited for it.
      sent.write("a few bytes");
    });
    expect(status).toBe(413);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ["without a hash", { "x-fedtune-hash": "" }, 400, "message-invalid"],
    ["with another hash", { "x-fedtune-hash": absent }, 422, "blob-corrupt"],
    ["with an encoding", { "content-encoding": "gzip" }, 400, "message-invalid"],
    [
      "in chunks of no announced length",
      { "transfer-encoding": "chunked" },
      400,
      "message-invalid",
    ],
  ])("[HT1] refuses an upload %s", async (_, extra, status, code) => {
    const { key } = await enrolled();
    const path = "/runs/toy/rounds/1/updates/ada";
    const headers = { authorization: key, "x-fedtune-hash": nodeHash.sha256(canary), ...extra };
    const answer = await new Promise<{ status: number | undefined; body: string }>(
      (resolve, reject) => {
        const sent = request(server.address.url + path, { method: "PUT", headers }, (response) => {
          let body = "";
          response.on("data", (chunk: Buffer) => (body += chunk.toString()));
          response.on("end", () => {
            resolve({ status: response.statusCode, body });
          });
        });
        sent.on("error", reject);
        sent.end(canary);
      },
    );
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code });
  });
});

describe("addresses and errors", () => {
  it.each<[string, number, string]>([
    ["/runs/%2e%2e%2fetc/blobs/x", 400, "message-invalid"],
    ["/runs/%zz/blobs/x", 400, "message-invalid"],
    ["/api", 404, "usage"],
    ["/", 404, "usage"],
    [`/runs/toy/blobs/${absent.slice(1)}`, 400, "message-invalid"],
  ])("[HT1] answers %s with %i and %s", async (path, status, code) => {
    const response = await ask(path);
    expect(response.status).toBe(status);
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ code });
    expect(Object.keys(body).sort()).toEqual(["code", "data", "message"]);
  });

  it("[HT1] a failure shows no detail; the log has it", async () => {
    const { key } = await enrolled();
    blobs.get = () => Promise.reject(new Error("secret path"));
    const response = await ask(blobPath, { headers: { authorization: key } });
    expect(response.status).toBe(500);
    const message = "The server failed; its log has the cause";
    expect(await response.json()).toEqual({ code: "internal", message, data: {} });
    expect(log.join("")).toContain("secret path");
  });

  it("[HT2] [TR11] every answer has the headers that keep browsers out", async () => {
    for (const path of ["/healthz", "/nothing"]) {
      const { headers } = await ask(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
    const { port, url } = server.address;
    expect((await ask("/healthz", { headers: { origin: "http://evil.example" } })).status).toBe(
      403,
    );
    expect((await ask("/healthz", { headers: { origin: url } })).status).toBe(200);
    expect(await statusForHost(`evil.example:${port}`)).toContain(" 403 ");
    expect(await statusForHost(`localhost:${port}`)).toContain(" 200 ");
  });

  it("[TR11] lets pages of the origins that were named ask, and no others", async () => {
    const page = "https://board.example";
    const origins = new Set([page]);
    const open = keep(await toyServer({ extend: () => ({ origins }) }));
    const status = async (origin: string) =>
      (await fetch(`${open.address.url}/healthz`, { headers: { origin } })).status;
    expect(await status(page)).toBe(200);
    expect(await status("https://other.example")).toBe(403);
  });

  /** The status line for a Host header that fetch would not send. */
  function statusForHost(host: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(server.address.port, "127.0.0.1");
      socket.once("data", (chunk) => {
        socket.destroy();
        resolve(chunk.toString().split("\r\n")[0] ?? "");
      });
      socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    });
  }
});

describe("the server itself", () => {
  it("[HT4] names a port that is taken, and touches no run", async () => {
    const store = memoryStore();
    const setup = toySetup();
    const { epoch } = await store.openRun({
      id: setup.id,
      configHash: setup.resolved.hash,
      config: setup.resolved.config,
    });
    const { port } = server.address;
    const second = startServer({ port, store, blobs: memoryBlobs(), runs: [{ setup }] });
    await expect(second).rejects.toMatchObject({ code: "port-in-use", data: { port } });
    await expect(second).rejects.toThrow(String(port));
    await store.openAttempt(setup.id, epoch, { round: 1, attempt: 1, cohort: [], target: 1 });
  });

  it("[TR14] a run that cannot be opened ends the start and frees the port", async () => {
    const store = memoryStore();
    const setup = toySetup();
    await store.openRun({ id: setup.id, configHash: digest(absent), config: {} });
    await expect(toyServer({ store, runs: [{ setup }] })).rejects.toMatchObject({
      code: "config-conflict",
    });
  });

  it("[HT5] logs neither keys nor bodies", async () => {
    const { client, key } = await enrolled();
    const secret = key.replace("Bearer ", "");
    await ask("/healthz", { headers: { authorization: key, cookie: "canary-cookie" } });
    client.transport.send('{"canary":"text"}');
    await client.hear("goodbye");
    const all = log.join("");
    expect(all).toContain("update or client refused");
    expect(secret).toHaveLength(64);
    expect(all).not.toContain(secret);
    expect(all).not.toContain("canary");
    expect(all).not.toContain(Buffer.from(canary).toString("latin1"));
  });
});
