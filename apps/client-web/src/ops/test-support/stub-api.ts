/** An API that tests answer for: requests are matched with the table of routes, answers are held against its schemas. */
import { apiBase, routes } from "@fedtune/api";
import type { CallOf, OutputOf, RouteName } from "@fedtune/api";
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { Route } from "@fedtune/api";
import type { IncomingMessage } from "node:http";

/** What a test answers; routes that it does not name answer with an error. */
export type StubHandlers = {
  readonly [Name in RouteName]?: (call: CallOf<Name>) => OutputOf<Name> | Promise<OutputOf<Name>>;
};

type AnyHandler = (call: {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}) => unknown;

interface StubAnswer {
  readonly status: number;
  readonly body: string;
}

const statuses: Readonly<Record<string, number>> = {
  ...{ unauthenticated: 401, "credential-expired": 401, forbidden: 403, "rate-limited": 429 },
  ...{ "run-unknown": 404, "transport-closed": 503, internal: 500 },
};

/** Makes the function that answers a request. */
export function stubApi(handlers: StubHandlers): (request: IncomingMessage) => Promise<StubAnswer> {
  return async (request) => {
    try {
      return await answered(request, handlers);
    } catch (error) {
      const { code, message, data } = asFedtuneError(error);
      return { status: statuses[code] ?? 400, body: JSON.stringify({ code, message, data }) };
    }
  };
}

async function answered(request: IncomingMessage, handlers: StubHandlers): Promise<StubAnswer> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stub");
  const found = routeFor(request.method ?? "GET", pathname.slice(apiBase.length));
  const handler = found === null ? undefined : (handlers[found.name] as AnyHandler | undefined);
  if (found === null || handler === undefined)
    throw new FedtuneError(
      "internal",
      `the stub has no answer for ${request.method ?? ""} ${pathname}`,
    );
  const text = await bodyOf(request);
  const { answer, query, body }: Route = routes[found.name];
  const result = await handler({
    params: found.params,
    query: query?.parse(numbersIn(Object.fromEntries(searchParams))) ?? null,
    body: body?.parse(text === "" ? {} : JSON.parse(text)) ?? null,
  });
  if (answer.kind !== "json") return { status: 204, body: "" };
  return { status: answer.status, body: JSON.stringify(answer.schema.parse(result)) };
}

function routeFor(method: string, path: string) {
  for (const [name, route] of Object.entries<Route>(routes)) {
    const pattern = route.path.replaceAll(/:([a-zA-Z]+)/g, "(?<$1>[^/]+)");
    const match = route.method === method ? new RegExp(`^${pattern}$`).exec(path) : null;
    if (match !== null) return { name: name as RouteName, params: { ...match.groups } };
  }
  return null;
}

/** Digits as numbers, as schemas of queries expect them. */
function numbersIn(query: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(query);
  return Object.fromEntries(
    entries.map(([key, text]) => [key, /^\d+$/.test(text) ? Number(text) : text]),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  return Buffer.concat(parts).toString("utf8");
}
