/** What answers a route. */
import type { BytesAnswer, Route, RouteCall, RouteName, RouteOutput, Routes } from "@fedtune/api";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../security/principal.ts";
import type { Feed } from "./feed.ts";

/** A parsed request; `by` is there wherever the route is not public. */
export interface Call<R extends Route> extends RouteCall<R> {
  readonly by: R["access"] extends null ? null : Principal;
  readonly headers: IncomingHttpHeaders;
  /** Where the request comes from. */
  readonly address: string;
  readonly setCookie: (cookie: string) => void;
}

type Result<R extends Route> = R["answer"]["kind"] extends "events"
  ? Feed<RouteOutput<R>>
  : R["answer"]["kind"] extends "nothing"
    ? unknown
    : RouteOutput<R>;

/** Answers one route. */
export type Handler<R extends Route> = (call: Call<R>) => Promise<Result<R>>;

/** A handler for each of the named routes. */
export type Handlers<Name extends RouteName = RouteName> = {
  readonly [N in Name]: Handler<Routes[N]>;
};

/** A handler as the server calls it, whatever its route. */
export type AnyHandler = (call: {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly by: Principal | null;
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
  readonly setCookie: (cookie: string) => void;
}) => Promise<unknown>;

/** Any answer of bytes. */
export type AnyBytes = BytesAnswer<Readonly<Record<string, string>>>;
