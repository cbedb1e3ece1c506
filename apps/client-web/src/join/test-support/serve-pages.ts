/** The pages of the fixture, built and served under a coordinator's strict policy. */
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import react from "@vitejs/plugin-react";
import { build } from "vite";

const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "x-content-type-options": "nosniff",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".woff2": "font/woff2",
  ".svg": "image/svg+xml",
};

/** A site on a port of its own. */
export interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the fixture's page, or takes a folder that was built before, and serves it at every address of the road. */
export async function servePages(): Promise<Pages> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-join-"));
  await build({
    ...{ root: import.meta.dirname, configFile: false, logLevel: "silent", publicDir: false },
    ...{ base: "/", plugins: [react()] },
    resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
    build: {
      ...{ outDir: folder, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(import.meta.dirname, "fixture.html") },
    },
  });
  const server = createServer((request, response) => {
    void answer(folder, request.url ?? "/", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

async function answer(folder: string, url: string, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(url, "http://host");
  const path = /^\/join(\/|$)/.test(pathname) ? "/fixture.html" : normalize(pathname);
  // Browsers ask for it by themselves.
  if (path === "/favicon.ico") {
    response.writeHead(204, headers).end();
    return;
  }
  try {
    const bytes = await readFile(join(folder, path));
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "content-type": type }).end(bytes);
  } catch {
    response.writeHead(404, headers).end();
  }
}
