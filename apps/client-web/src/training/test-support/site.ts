/** Pages for tests: built by Vite into a folder of their own, served with a coordinator's headers. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { build } from "vite";
import { slimTensorflow } from "../slim-tensorflow.ts";

/** As strict as a coordinator's, and it reports. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "report-uri /csp-report",
].join("; ");

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** What was asked of a site. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A built site on two ports: with and without isolation from other origins. */
export interface Site {
  readonly url: string;
  readonly notIsolated: string;
  readonly folder: string;
  /** In order; reports of policy violations are among them, under `/csp-report`. */
  readonly requests: SeenRequest[];
  close(): Promise<void>;
}

/** Builds pages beside this file and serves them; `folders` are served below their names. */
export async function serveSite(
  pages: readonly string[],
  folders: Readonly<Record<string, string>>,
): Promise<Site> {
  const folder = await buildSite(pages);
  const requests: SeenRequest[] = [];
  const serve = (headers: Readonly<Record<string, string>>) =>
    listen((request, response) => {
      void readBody(request).then((body) => {
        const { method = "", url = "/" } = request;
        const path = normalize(new URL(url, "http://host").pathname);
        requests.push({ method, path, headers: request.headers, body });
        return answer({ path, roots: { ...folders, "": folder }, headers }, response);
      });
    });
  const policyHeader = { "content-security-policy": policy };
  const [main, other] = await Promise.all([
    serve({ ...policyHeader, ...isolation }),
    serve(policyHeader),
  ]);
  return {
    ...{ url: main.url, notIsolated: other.url, folder, requests },
    async close() {
      await Promise.all([main.close(), other.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Builds pages into a temporary folder, as the site itself is built. */
async function buildSite(pages: readonly string[]): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "fedtune-engine-"));
  const root = import.meta.dirname;
  await build({
    ...{ root, configFile: false, logLevel: "error", publicDir: false },
    resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
    plugins: [slimTensorflow()],
    worker: { format: "es", plugins: () => [slimTensorflow()] },
    build: {
      ...{ outDir, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
      modulePreload: { polyfill: false },
      rolldownOptions: { input: pages.map((page) => join(root, page)) },
    },
  });
  return outDir;
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

interface Question {
  readonly path: string;
  readonly roots: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

async function answer({ path, roots, headers }: Question, response: ServerResponse): Promise<void> {
  const [, first = "", ...rest] = path.split("/");
  const named = rest.length > 0 ? roots[first] : undefined;
  const file = named === undefined ? join(roots[""] ?? "", path) : join(named, ...rest);
  try {
    const bytes = await readFile(file);
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "content-type": type }).end(bytes);
  } catch {
    response.writeHead(404, headers).end();
  }
}
