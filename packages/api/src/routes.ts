/** The one table of the API: server, client and document are made from it. */
import { auditRoutes, operatorRoutes, tokenRoutes } from "./resources/accounts.ts";
import { clientRoutes } from "./resources/clients.ts";
import { historyRoutes, runRoutes } from "./resources/runs.ts";
import { serverRoutes } from "./resources/server.ts";

/** Every route by name. */
export const routes = {
  ...serverRoutes,
  ...runRoutes,
  ...historyRoutes,
  ...clientRoutes,
  ...operatorRoutes,
  ...tokenRoutes,
  ...auditRoutes,
} as const;
/** Type of {@link routes}. */
export type Routes = typeof routes;
/** A name of {@link routes}. */
export type RouteName = keyof Routes;
