/** One request: its address, its body, its deadline. */
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import { errorOf } from "./body.ts";
import type { Fetch, FetchRequest, FetchResponse } from "./platform.ts";
import { apiBase } from "./route.ts";
import type { Route } from "./route.ts";

/** What requests need of the world. */
export interface RequestPorts {
  /** Address of the coordinator; a slash at its end does not matter. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** What goes with every request, for example `Authorization`; asked anew for each. */
  readonly headers: () => Readonly<Record<string, string>>;
}

/** What a caller gave. */
export interface Asked {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** The address of a route under the coordinator's. */
function addressOf(route: Route, { params = {}, query = {} }: Asked): string {
  const path = route.path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) =>
    encodeURIComponent(textOf(params[name])),
  );
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(textOf(value))}`],
  );
  return `${apiBase}${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new RangeError(`Cannot put a value of type ${typeof value} into an address`);
}

/**
 * Asks, and hands the answer over; what is not fine is thrown.
 *
 * @throws FedtuneError what the coordinator answered; `transport-closed` when it cannot be reached
 */
export async function ask(
  { url, fetch, headers }: RequestPorts,
  route: Route,
  request: Asked & { readonly extra?: Record<string, string>; readonly signal: AbortSignal },
): Promise<FetchResponse> {
  const { body, extra, signal } = request;
  const origin = url.replace(/\/+$/, "");
  const sent: FetchRequest = {
    method: route.method,
    headers: {
      accept: route.answer.kind === "events" ? "text/event-stream" : "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers(),
      ...extra,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "error",
    signal,
  };
  const response = await fetch(origin + addressOf(route, request), sent).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot reach the coordinator at ${origin}: ${why}`;
    throw new FedtuneError("transport-closed", message, { data: { url: origin }, cause });
  });
  if (response.ok) return response;
  throw await errorOf(response);
}
