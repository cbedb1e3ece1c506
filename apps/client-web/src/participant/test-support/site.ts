/** Pages for tests: built by Vite into a folder of their own, served with the headers that a coordinator sends. */
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { build } from "vite";

/** Strict as a coordinator's: nothing of another origin, no code that is made at run time but WebAssembly. */
const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self' ws: http://127.0.0.1:*",
    "style-src 'self'",
    "base-uri 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** A built site on a port of its own. */
export interface Site {
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** Builds pages (`*.html` beside this file) and serves them. */
export async function serveSite(pages: readonly string[]): Promise<Site> {
  const folder = await buildSite(pages);
  const server = createServer((request, response) => {
    void answer(folder, request.url ?? "/", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

/** Builds pages of a folder into a temporary one, as the site itself is built. */
export async function buildSite(
  pages: readonly string[],
  root: string = import.meta.dirname,
): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "fedtune-site-"));
  await build({
    ...{ root, configFile: false, logLevel: "silent", publicDir: false },
    resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
    worker: { format: "es" },
    build: {
      ...{ outDir, emptyOutDir: true, target: "es2023", minify: false, assetsInlineLimit: 0 },
      modulePreload: { polyfill: false },
      rolldownOptions: { input: pages.map((page) => join(root, page)) },
    },
  });
  return outDir;
}

async function answer(folder: string, url: string, response: ServerResponse): Promise<void> {
  const path = normalize(new URL(url, "http://host").pathname);
  try {
    const bytes = await readFile(join(folder, path));
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { ...pageHeaders, "content-type": type }).end(bytes);
  } catch {
    response.writeHead(404, pageHeaders).end();
  }
}
