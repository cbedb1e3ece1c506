/** The HTTP side of a server: what it was given, the data plane, the pages. */
import type { Clock, Hash } from "@fedtune/core";
import express from "express";
import type { Express, RequestHandler } from "express";
import { errorHandler } from "./edge.ts";
import { guard } from "./headers.ts";
import { servePages } from "./http/pages.ts";
import type { Pages } from "./http/pages.ts";
import type { ServerLog } from "./log.ts";
import { blobRoutes } from "./routes/blobs.ts";
import type { BlobRouteOptions } from "./routes/blobs.ts";
import type { IsTrusted } from "./security/client-address.ts";
import { allowOrigins, dataHeaders } from "./security/browser-policy.ts";
import type { SocketHub } from "./socket-hub.ts";

/** What a server may be given beside the data plane. */
export interface HttpParts {
  /** Before all else: ids, figures. */
  readonly first?: readonly RequestHandler[];
  /** Answered also while the runs are still being opened: health, figures. */
  readonly early?: readonly RequestHandler[];
  /** Routers and where they are mounted; they wait until the runs are open. */
  readonly routers?: readonly (readonly [path: string, router: RequestHandler])[];
  /** Other origins whose pages may ask. */
  readonly origins?: ReadonlySet<string>;
  readonly transfers?: Pick<BlobRouteOptions, "verify" | "countUpload">;
  /** Whose word on where a request comes from counts; default: nobody's. */
  readonly isTrusted?: IsTrusted;
  /** Whether browsers come by https, here or through a proxy; default: no. */
  readonly secure?: boolean;
  /** What browsers are shown; absent: nothing. */
  readonly pages?: (() => Pages) | null;
}

/** What the routes need. */
export interface AppParts extends HttpParts {
  readonly hub: SocketHub;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly log: ServerLog;
  readonly hosts: readonly string[] | null;
  /** Requests wait for this: the runs are open. */
  readonly ready: Promise<void>;
}

/** Composes the app; every answer is JSON, a blob, or a file of the pages. */
export function createApp(parts: AppParts): Express {
  const { hub, hash, clock, log, hosts, ready } = parts;
  const { first = [], early = [], routers = [], transfers = {} } = parts;
  const { secure = false, pages = null, origins } = parts;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  if (parts.isTrusted !== undefined) app.set("trust proxy", parts.isTrusted);
  app.use(requestLog(clock, log), ...first, dataHeaders({ secure }), guard(hosts, origins));
  app.use(["/api", "/runs"], allowOrigins(origins ?? new Set()));
  for (const handler of early) app.use(handler);
  app.use(async (_request, _response, next) => {
    await ready;
    next();
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  for (const [path, router] of routers) app.use(path, router);
  app.use("/runs", blobRoutes({ ...transfers, hub, hash }));
  if (pages !== null) app.use(servePages({ pages, secure }));
  app.use(({ method, path }, response) => {
    const message = `Cannot ${method} ${path.slice(0, 200)}: there is no such address`;
    response.status(404).json({ code: "usage", message, data: {} });
  });
  app.use(errorHandler(log));
  return app;
}

function requestLog(clock: Clock, log: ServerLog): RequestHandler {
  return (request, response, next) => {
    const start = clock.now();
    const { method, path } = request;
    response.once("finish", () => {
      log.requested({ method, path, status: response.statusCode, ms: clock.now() - start });
    });
    next();
  };
}
