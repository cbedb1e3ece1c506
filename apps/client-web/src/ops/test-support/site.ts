/** The operators' pages as they are built, served with the coordinator's policy beside an API that tests answer for. */
import { createServer } from "node:http";
import type { Server } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { stubApi } from "./stub-api.ts";
import type { StubHandlers } from "./stub-api.ts";

/** What the coordinator sends with pages. */
const policy = [
  ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'"],
  ...["img-src 'self' data: blob:", "font-src 'self'", "connect-src 'self'", "worker-src 'self'"],
  ...["manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
  "require-trusted-types-for 'script'",
].join("; ");

const types: Readonly<Record<string, string>> = {
  ...{
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
  },
};

/** The pages, built once. */
export interface BuiltPages {
  /** Where they lie. */
  readonly folder: string;
  remove(): Promise<void>;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Builds the operators' pages into a folder of their own. */
export async function buildPages(): Promise<BuiltPages> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-pages-"));
  await build({
    root,
    configFile: join(root, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input: "app.html" } },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Pages that are served. */
export interface StubSite {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves built pages, and the API as `handlers` answer it. */
export async function serveStub(folder: string, handlers: StubHandlers): Promise<StubSite> {
  const answer = stubApi(handlers);
  const server = createServer((request, response) => {
    void (async () => {
      const path = new URL(request.url ?? "/", "http://stub").pathname;
      if (path.startsWith("/api/")) {
        const { status, body } = await answer(request);
        response.writeHead(status, { "content-type": "application/json" }).end(body);
        return;
      }
      const name = extname(path) === "" ? "/app.html" : path;
      const file = await readFile(join(folder, name)).catch(() => null);
      response
        .writeHead(file === null ? 404 : 200, {
          "content-type": types[extname(name)] ?? "text/plain",
          "content-security-policy": policy,
          "cross-origin-opener-policy": "same-origin",
          "cross-origin-embedder-policy": "require-corp",
        })
        .end(file ?? "");
    })();
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
