import express from "express";
import type { RequestHandler } from "express";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { listen } from "../listen.ts";
import { allowedOrigins, allowOrigins, dataHeaders, pageHeaders } from "./browser-policy.ts";

let server: Server | null = null;
afterEach(() => new Promise((resolve) => server?.close(resolve)));

/** Asks an app that has these handlers and then answers. */
async function ask(
  handlers: readonly RequestHandler[],
  request: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  const app = express().use(...handlers, (_request: unknown, response: express.Response) => {
    response.json({});
  });
  server?.close();
  server = createServer(app);
  const { url } = await listen(server, "127.0.0.1", 0);
  return fetch(`${url}/x`, request);
}

describe("headers of data", () => {
  it("[SE8] [TR11] let nothing run, be framed, kept or read elsewhere", async () => {
    const { headers } = await ask([dataHeaders({ secure: false })]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
      "x-frame-options": "DENY",
    });
    expect(headers.get("strict-transport-security")).toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("[SE8] hold browsers to https where it is there", async () => {
    const { headers } = await ask([dataHeaders({ secure: true })]);
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("headers of pages", () => {
  const directivesOf = ({ headers }: Response): Readonly<Record<string, string>> => {
    const policy = headers.get("content-security-policy") ?? "";
    const directives = policy.split(";").map((text) => text.split(" "));
    return Object.fromEntries(
      directives.map(([name = "", ...sources]) => [name, sources.join(" ")]),
    );
  };

  it("[SE8] run this origin's scripts, styles, workers and wasm, and nothing else", async () => {
    const answer = await ask([pageHeaders({ secure: false })]);
    const { host } = new URL(answer.url);
    expect(directivesOf(answer)).toEqual({
      "default-src": "'none'",
      "script-src": "'self' 'wasm-unsafe-eval'",
      "style-src": "'self'",
      "img-src": "'self' data: blob:",
      "font-src": "'self'",
      "connect-src": `'self' ws://${host}`,
      "worker-src": "'self'",
      "manifest-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
    });
  });

  it("[SE8] say all the rest, too, and hold browsers to https where it is there", async () => {
    const { headers } = await ask([pageHeaders({ secure: true })]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "origin-agent-cluster": "?1",
      "permissions-policy": expect.stringContaining("geolocation=()") as string,
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(headers.get("content-security-policy")).toContain(" wss://");
    const plain = await ask([pageHeaders({ secure: false })]);
    expect(plain.headers.get("strict-transport-security")).toBeNull();
  });

  it.each(["evil.example; script-src *", "evil.example script-src", "*", "a'b", ""])(
    "[SE8] take no more than a name from a Host of %j",
    async (host) => {
      const seen: string[] = [];
      const as: RequestHandler = (request, response, next) => {
        request.headers.host = host;
        response.once("finish", () => seen.push(String(response.get("content-security-policy"))));
        next();
      };
      await ask([as, pageHeaders({ secure: true })]);
      expect(seen.join()).toContain("connect-src 'self' 'self';");
    },
  );
});

describe("other origins", () => {
  const allow = [allowOrigins(allowedOrigins(["https://lab.example"]))];

  it("[SE8] that are allowed may read answers, but never with cookies", async () => {
    const { headers, status } = await ask(allow, { headers: { origin: "https://lab.example" } });
    expect(status).toBe(200);
    expect(headers.get("access-control-allow-origin")).toBe("https://lab.example");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")).toContain("Origin");
  });

  it("[SE8] that are allowed may send signed and authorised requests", async () => {
    const { headers, status } = await ask(allow, {
      method: "OPTIONS",
      headers: { origin: "https://lab.example", "access-control-request-method": "PUT" },
    });
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-methods")).toContain("PUT");
    expect(headers.get("access-control-allow-headers")).toContain("x-fedtune-signature");
  });

  it.each([
    "https://evil.example",
    "null",
    "https://lab.example.evil.example",
    "http://lab.example",
  ])("[SE8] such as %s are told nothing", async (origin) => {
    const { headers } = await ask(allow, { method: "OPTIONS", headers: { origin } });
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each([
    "*",
    "null",
    "lab.example",
    "https://lab.example/",
    "https://lab.example/x",
    "file:///x",
  ])("[SE8] such as %j cannot be allowed", (origin) => {
    expect(() => allowedOrigins([origin])).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });
});
