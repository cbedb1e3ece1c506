/** The HTTP side of a server: health, the API, the data plane. */
import type { Blobs, Clock, Hash, Store } from "@fedtune/core";
import express from "express";
import type { Express, RequestHandler } from "express";
import { errorHandler } from "./edge.ts";
import { guard } from "./headers.ts";
import type { ServerLog } from "./log.ts";
import { apiRoutes } from "./routes/api.ts";
import { blobRoutes } from "./routes/blobs.ts";
import type { RunRegistry } from "./run-registry.ts";
import type { SocketHub } from "./socket-server-transport.ts";

/** What the routes need. */
export interface AppParts {
  readonly runs: RunRegistry;
  readonly hub: SocketHub;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly log: ServerLog;
  readonly hosts: readonly string[] | null;
  /** Requests wait for this: the runs are open. */
  readonly ready: Promise<void>;
}

/** Composes the app; every answer is JSON or a blob. */
export function createApp(parts: AppParts): Express {
  const { runs, hub, store, blobs, hash, clock, log, hosts, ready } = parts;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(requestLog(clock, log));
  app.use(guard(hosts));
  app.use(async (_request, _response, next) => {
    await ready;
    next();
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.use("/api", apiRoutes(runs, store, blobs));
  app.use("/runs", blobRoutes(hub, hash));
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
