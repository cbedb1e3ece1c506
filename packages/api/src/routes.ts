/** The one table of the API: server, client and document are made from it. */
import type { RouteCall, RouteOutput } from "./route.ts";
import { auditRoutes, operatorRoutes, tokenRoutes } from "./resources/accounts.ts";
import { clientRoutes } from "./resources/clients.ts";
import { invitationRoutes } from "./resources/invitation.ts";
import { historyRoutes, runRoutes } from "./resources/runs.ts";
import { serverRoutes } from "./resources/server.ts";
import { setupRoutes } from "./resources/setup.ts";

/** Every route by name. */
export const routes = {
  ...serverRoutes,
  ...runRoutes,
  ...historyRoutes,
  ...clientRoutes,
  ...invitationRoutes,
  ...setupRoutes,
  ...operatorRoutes,
  ...tokenRoutes,
  ...auditRoutes,
} as const;
/** Type of {@link routes}. */
export type Routes = typeof routes;
/** A name of {@link routes}. */
export type RouteName = keyof Routes;

/** What a handler of a named route gets. */
export type CallOf<Name extends RouteName> = RouteCall<Routes[Name]>;
/** What a named route gives back. */
export type OutputOf<Name extends RouteName> = RouteOutput<Routes[Name]>;
/** One item of a named list. */
export type ItemOf<Name extends RouteName> =
  OutputOf<Name> extends { readonly items: readonly (infer Item)[] } ? Item : never;
/** The part of a list that is asked for. */
export type PageQuery = CallOf<"listRuns">["query"];
/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly next: number | null;
}

/** Names of the routes about the server. */
export type ServerRoute = keyof typeof serverRoutes;
/** Names of the routes about runs. */
export type RunRoute = keyof typeof runRoutes;
/** Names of the routes about the past of runs. */
export type HistoryRoute = keyof typeof historyRoutes;
/** Names of the routes about the clients of runs. */
export type ClientRoute = keyof typeof clientRoutes;
/** Names of the routes about joining a run. */
export type InvitationRoute = keyof typeof invitationRoutes;
/** Names of the routes about a first start. */
export type SetupRoute = keyof typeof setupRoutes;
/** Names of the routes about people and programs. */
export type AccountRoute = keyof (typeof operatorRoutes & typeof tokenRoutes & typeof auditRoutes);
