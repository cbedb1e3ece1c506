/** Serves the table of the API: one path after the other, each with its methods and no other. */
import { routes } from "@fedtune/api";
import type { Route } from "@fedtune/api";
import type { Clock } from "@fedtune/core";
import { Router } from "express";
import type { Request } from "express";
import type { Principal } from "../security/principal.ts";
import { docsRoutes } from "./docs.ts";
import type { AnyHandler } from "./handler.ts";
import { allHandlers } from "./handlers/all.ts";
import type { InvitationService } from "./invitation.ts";
import type { ServerFacts } from "./handlers/server.ts";
import { refuseMethod } from "./refuse-method.ts";
import type { RunService } from "./run-service.ts";
import type { SecurityService } from "./security-service.ts";
import { serveRoute } from "./serve-route.ts";

/** What the API stands on. */
export interface ApiOptions {
  readonly runs: RunService;
  readonly security: SecurityService;
  readonly invitations: InvitationService;
  /**
   * Who is asking; null: nobody in particular.
   *
   * @throws FedtuneError for a credential that is there but no good, and for a session without its CSRF token
   */
  readonly authenticate: (request: Request) => Promise<Principal | null>;
  readonly facts: ServerFacts;
  readonly clock: Clock;
  /** Holds every answer against its schema; for tests. */
  readonly checkAnswers?: boolean;
}

/** Makes the router, to be mounted at `apiBase`; errors are thrown, for the app's handler to answer. */
export function createApi(options: ApiOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  // Each is called with what its own route has parsed.
  const handlers = allHandlers(options) as unknown as Readonly<
    Record<string, AnyHandler | undefined>
  >;
  for (const [path, named] of byPath()) {
    const at = router.route(path);
    for (const [name, route] of named) {
      const handler = handlers[name];
      if (handler === undefined) throw new RangeError(`Cannot serve ${name}: it has no handler`);
      at[verbOf(route)](serveRoute(route, handler, options));
    }
    at.all(refuseMethod(named.map(([, { method }]) => method)));
  }
  router.use(docsRoutes(options.facts.version));
  return router;
}

const verbs = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" } as const;

function verbOf({ method }: Route): (typeof verbs)[Route["method"]] {
  return verbs[method];
}

/** Routes of the same path, in the order of the table. */
function byPath(): Map<string, (readonly [name: string, route: Route])[]> {
  const paths = new Map<string, (readonly [string, Route])[]>();
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths.set(route.path, [...(paths.get(route.path) ?? []), [name, route]]);
  }
  return paths;
}
