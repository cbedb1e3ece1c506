/** The server against the table, by hand-made requests: nothing here goes through the client. */
import { apiBase, routes } from "@fedtune/api";
import type { Route } from "@fedtune/api";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { sendRaw } from "../test-support/raw-http.ts";
import type { Sent } from "../test-support/raw-http.ts";
import { toyConfig } from "../test-support/toy-run.ts";
import { allHandlers } from "./handlers/all.ts";
import { MAX_BODY_BYTES } from "./json-body.ts";

let server: ApiServer;
let admin: string;
beforeAll(async () => {
  server = await apiServer();
  admin = server.security.bearer("admin");
  await server.client("admin").createRun({ body: { config: toyConfig(), start: false } });
});
afterAll(async () => {
  await server.close();
  expect(server.failures).toEqual([]);
});

const send = (path: string, sent: Sent = {}) => sendRaw({ url: server.url, admin }, path, sent);

function post(body: string | Uint8Array, headers: Record<string, string> = {}) {
  const all = { "content-type": "application/json", ...headers };
  return send(`${apiBase}/runs`, { method: "POST", headers: all, body });
}

const table = Object.entries<Route>(routes);
const places: Record<string, string> = {
  ...{ run: "toy", round: "1", client: "ada", operator: "nobody" },
  token: "00000000-0000-4000-8000-000000000000",
};
const addressOf = ({ path }: Route): string =>
  apiBase + path.replaceAll(/:(\w+)/g, (_, name: string) => places[name] ?? "");

describe("the server and the table", () => {
  it("[AP1] has a handler for every route, and none besides", () => {
    const { runs, security, invitations } = server;
    const facts = { version: "", methods: [], kinds: [], presets: [], configSchema: {} };
    const names = Object.keys(allHandlers({ runs, security, invitations, facts }));
    expect(names.sort()).toEqual(table.map(([name]) => name).sort());
  });

  it.each(table)("[AP1] %s is let in by its own scope and by no other", async (_name, route) => {
    const { access, method } = route;
    if (access === null) return;
    const ask = (bearer: string | null) =>
      send(addressOf(route), {
        method,
        // A body that does not fit: whoever is let in gets to hear of it, and changes nothing.
        headers: {
          "content-type": "text/plain",
          authorization: bearer === null ? "" : `Bearer ${bearer}`,
          "last-event-id": "x",
        },
        ...(method === "POST" ? { body: "x" } : {}),
      });
    expect(await ask(null)).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(await ask("ft_nobody")).toMatchObject({ status: 401, code: "unauthenticated" });
    const other = access === "metrics:read" ? "runs:read" : "metrics:read";
    if (access !== "signed-in") {
      expect(await ask(server.security.bearer(other))).toMatchObject({
        code: "forbidden",
        status: 403,
      });
    }
    if (route.answer.kind === "events") return;
    const scope = access === "signed-in" ? other : access;
    expect([401, 403]).not.toContain((await ask(server.security.bearer(scope))).status);
  });

  it("[AP1] answers another method with the methods that an address has", async () => {
    const paths = new Set(table.map(([, route]) => addressOf(route)));
    for (const path of paths) {
      const own = table.filter(([, route]) => addressOf(route) === path);
      const allowed = own.flatMap(([, { method }]) =>
        method === "GET" ? ["GET", "HEAD"] : method,
      );
      for (const method of ["PUT", "PATCH", "OPTIONS", "DELETE", "POST", "GET"]) {
        if (allowed.includes(method)) continue;
        const answer = await send(path, { method });
        expect([answer.status, answer.code, answer.allow]).toEqual([
          405,
          "usage",
          allowed.join(", "),
        ]);
      }
    }
  });

  it.each(["", "/", "/run", "/Runs", "/runs/", "/runs/toy/", "/runs/toy/nothing", "//runs"])(
    "[AP1] knows no address %j",
    async (path) => {
      expect(await send(apiBase + path)).toMatchObject({ status: 404, code: "usage" });
    },
  );

  it("answers HEAD like GET, without the body", async () => {
    const answer = await send(`${apiBase}/health`, { method: "HEAD" });
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });
});

describe("an address", () => {
  it.each([
    "/runs/..%2f..%2fetc",
    "/runs/%2e%2e",
    "/runs/a%00b",
    "/runs/a%20b",
    "/runs/__proto__",
    "/runs/-toy",
    `/runs/${"a".repeat(65)}`,
    "/runs/%ff",
    "/runs/%",
    "/runs/toy/rounds/-1/adapter",
    "/runs/toy/rounds/1e3/adapter",
    "/runs/toy/rounds/worst/adapter",
    "/runs/toy/rounds/9999999999/adapter",
  ])("[AP2] %s is refused", async (path) => {
    expect(await send(apiBase + path)).toMatchObject({ status: 400, code: "message-invalid" });
  });

  it.each([
    ["/runs?form=1", /form.*did you mean \\"from\\"/],
    ["/runs?from=-1", /from = -1/],
    ["/runs?from=1e3", /from = /],
    ["/runs?from=1&from=2", /twice/],
    ["/runs?limit=0", /limit = 0/],
    ["/runs?limit=1001", /limit = 1001/],
    ["/runs?from=%ff", /UTF-8/],
    ["/runs?__proto__=1", /__proto__/],
    ["/runs/toy?x=1", /x = /],
    ["/runs/toy/rounds/1/adapter?rank=0", /rank = 0/],
  ])("[AP2] the query of %s is refused with its field", async (path, field) => {
    const answer = await send(apiBase + path);
    expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
    expect(answer.text).toMatch(field);
  });

  it("names that merely look like an object's own are names", async () => {
    const answer = await send(`${apiBase}/runs/constructor`);
    expect(answer).toMatchObject({ status: 404, code: "run-unknown" });
  });
});

describe("a body", () => {
  const config = JSON.stringify(toyConfig({ name: "other" }));

  it.each<[string, string | Uint8Array, RegExp]>([
    ["empty", "", /empty/],
    ["cut short", `{"config":${config}`, /no JSON/],
    ["of NaN", '{"config":{"seed":NaN}}', /no JSON/],
    ["of Infinity", '{"config":{"seed":Infinity}}', /no JSON/],
    ["of 1e999", '{"config":{"seed":1e999}}', /config\.seed is a number beyond/],
    ["of bad UTF-8", Uint8Array.of(0x22, 0xff, 0x22), /UTF-8/],
    ["of an overlong NUL", Uint8Array.of(0x22, 0xc0, 0x80, 0x22), /UTF-8/],
    ["no object", "[]", /type object/],
    ["with an unknown field", `{"config":${config},"begin":true}`, /begin = true/],
    ["with a wrong type", `{"config":${config},"start":"yes"}`, /start = .*boolean/],
    ["without its field", "{}", /config = /],
    ["with __proto__", `{"config":${config},"__proto__":{"start":false}}`, /__proto__/],
    [
      "with __proto__ inside",
      '{"config":{"rounds":{"__proto__":{}}}}',
      /config\.rounds\.__proto__/,
    ],
    ["with constructor", '{"config":{"constructor":{"prototype":1}}}', /config\.constructor/],
    ["nested too deep", "[".repeat(5_000) + "]".repeat(5_000), /too deep/],
  ])("[AP2] %s is refused, and changes nothing", async (_what, body, why) => {
    const before = await server.store.getRuns();
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
    expect(answer.text).toMatch(why);
    expect(await server.store.getRuns()).toEqual(before);
  });

  it("[AP2] of a config that does not fit is refused with every field", async () => {
    const answer = await post('{"config":{"name":"x","rounds":{"numRound":3},"seed":-1}}');
    expect(answer).toMatchObject({ status: 400, code: "config-invalid" });
    const { data } = JSON.parse(answer.text) as { data: { issues: { field: string }[] } };
    expect(data.issues.map(({ field }) => field).sort()).toEqual([
      "rounds.numRound",
      "seed",
      "task",
    ]);
  });

  it.each<[string, Record<string, string>]>([
    ["text", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["anything", { "content-type": "" }],
  ])("[AP2] that says it is %s is refused", async (_what, headers) => {
    const answer = await post(`{"config":${config}}`, headers);
    expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
    expect(answer.text).toMatch(/wanted application\/json/);
  });

  it.each(["gzip", "br", "deflate", "identity", "zstd"])(
    "[AP3] with encoding %s is never decompressed",
    async (encoding) => {
      const body = gzipSync(`{"config":${config}}`);
      const answer = await post(body, { "content-encoding": encoding });
      expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
      expect(answer.text).toMatch(/encoding/);
    },
  );

  it("[AP3] is refused by its announced length, before it comes", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      socket.on("error", reject);
      socket.once("data", (piece) => {
        resolve(piece.toString());
        socket.destroy();
      });
      // Not a byte of the body follows.
      socket.write(
        `POST ${apiBase}/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`,
      );
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(`longer than ${MAX_BODY_BYTES} bytes`);
  });

  it("[AP3] of no announced length is read up to the limit and no further", async () => {
    const body = `{"config":{"name":"${"x".repeat(MAX_BODY_BYTES)}"}}`;
    const answer = await post(body, { "transfer-encoding": "chunked" });
    expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
    expect(answer.text).toMatch(/longer than/);
  });

  it("[AP2] where none is wanted is refused", async () => {
    const path = `${apiBase}/runs/toy/resume`;
    const answer = await send(path, { method: "POST", body: "{}" });
    expect(answer).toMatchObject({ status: 400, code: "message-invalid" });
    expect(await server.client("admin").getRun({ params: { run: "toy" } })).toMatchObject({
      state: { paused: true },
    });
  });
});

describe("the page of the document", () => {
  it("[AP1] and the document itself are there for everybody", async () => {
    const headers = { authorization: "" };
    const document = await send(`${apiBase}/openapi.json`, { headers });
    expect(Object.keys((JSON.parse(document.text) as { paths: object }).paths)).toContain(
      "/runs/{run}",
    );
    expect(await send(`${apiBase}/openapi.json`, { method: "POST" })).toMatchObject({
      status: 405,
    });
  });

  it("[AP1] loads its own files only, and has no inline script", async () => {
    const answer = await fetch(`${server.api}/docs/`);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    const html = await answer.text();
    const sources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source!);
    expect(html).not.toMatch(/<script(?! src=)/);
    for (const source of sources) {
      const file = await fetch(server.url + source);
      expect([file.status, file.headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
      expect((await file.text()).length).toBeGreaterThan(50);
    }
    expect(sources).toHaveLength(3);
  });

  it.each(["/docs/..%2fpackage.json", "/docs/package.json", "/docs/index.html", "/docs/%2e%2e/x"])(
    "serves no other file: %s",
    async (path) => {
      expect((await send(apiBase + path)).status).toBe(404);
    },
  );
});
