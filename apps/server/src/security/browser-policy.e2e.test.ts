import express from "express";
import type { RequestHandler } from "express";
import { nodeEntropy as entropy } from "@fedtune/node-ports";
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
    const { headers } = await ask(dataHeaders({ secure: false }));
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
    const { headers } = await ask(dataHeaders({ secure: true }));
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("headers of pages", () => {
  const policyOf = async (handlers: readonly RequestHandler[]) => {
    const { headers } = await ask(handlers);
    const policy = headers.get("content-security-policy") ?? "";
    const directives = policy.split(";").map((text) => text.split(" "));
    return new Map(directives.map(([name, ...sources]) => [name, sources.join(" ")]));
  };

  it("[SE8] run the page's own scripts and wasm, and no other", async () => {
    const policy = await policyOf(pageHeaders({ secure: true, entropy }));
    policy.delete("style-src");
    expect(Object.fromEntries(policy)).toEqual({
      "default-src": "'self'",
      "script-src": "'self' 'wasm-unsafe-eval'",
      "img-src": "'self' data: blob:",
      "font-src": "'self'",
      "connect-src": "'self'",
      "worker-src": "'self'",
      "manifest-src": "'self'",
      "object-src": "'none'",
      "base-uri": "'none'",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
    });
  });

  it("[SE8] take styles with the answer's own nonce, and ask the origins that were named", async () => {
    let seen: unknown;
    const look: RequestHandler = (_request, response, next) => {
      seen = response.locals["styleNonce"];
      next();
    };
    const page = pageHeaders({ secure: true, entropy, connect: ["https://hub.example"] });
    const policy = await policyOf([...page, look]);
    expect(policy.get("style-src")).toBe(`'self' 'nonce-${String(seen)}'`);
    expect(policy.get("connect-src")).toBe("'self' https://hub.example");
    expect((await policyOf(page)).get("style-src")).not.toBe(policy.get("style-src"));
  });

  it("isolate the page, so that it may share memory between workers", async () => {
    const { headers } = await ask(pageHeaders({ secure: true, entropy }));
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  });
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
