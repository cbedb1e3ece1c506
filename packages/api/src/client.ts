/** The client of the API: a method for every route, with its types taken from the table. */
import { FedtuneError } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import { jsonOf, parseAnswer, readBytes } from "./body.ts";
import { startWait } from "./deadline.ts";
import { follow } from "./follow.ts";
import type { FollowOptions } from "./follow.ts";
import type { FetchResponse } from "./platform.ts";
import { ask } from "./request.ts";
import type { Asked, RequestPorts } from "./request.ts";
import type { BytesAnswer, Route, RouteInput, RouteOutput } from "./route.ts";
import { routes } from "./routes.ts";
import type { RouteName, Routes } from "./routes.ts";

/** Where the API is and what the client needs of the world. */
export interface ApiClientOptions extends RequestPorts {
  /** Checks bytes against their hash; absent: they are handed over unchecked. */
  readonly hash?: Hash;
  /** Longest time for one request, its answer included. */
  readonly timeoutMs?: number;
  /** The longest answer that is read. */
  readonly maxAnswerBytes?: number;
}

/** How one call is made. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

type Input<R extends Route> = RouteInput<R> extends infer I ? { [Key in keyof I]: I[Key] } : never;

type Arguments<R extends Route, Options> =
  Partial<Input<R>> extends Input<R> ? [input?: Input<R> & Options] : [input: Input<R> & Options];

type Method<R extends Route> = R["answer"]["kind"] extends "events"
  ? (...input: Arguments<R, FollowOptions>) => AsyncGenerator<RouteOutput<R>>
  : (...input: Arguments<R, CallOptions>) => Promise<RouteOutput<R>>;

/**
 * A method for every route. Each throws FedtuneError: what the coordinator answered, `message-invalid` for an answer
 * that does not fit its schema, `transport-closed`, `timeout`, `cancelled`.
 */
export type ApiClient = { readonly [Name in RouteName]: Method<Routes[Name]> };

const defaults = { timeoutMs: 60_000, maxAnswerBytes: 1 << 30 };

type Settings = ApiClientOptions & typeof defaults;

/** Makes a client of the coordinator at an address. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const settings: Settings = { ...defaults, ...options };
  const methods = Object.entries<Route>(routes).map(([name, route]) => [
    name,
    methodOf(route, settings),
  ]);
  // Built from the very table that its type is built from.
  return Object.fromEntries(methods) as ApiClient;
}

function methodOf(route: Route, settings: Settings) {
  const { answer } = route;
  if (answer.kind === "events") {
    return (input: Asked & FollowOptions = {}) =>
      follow(settings, { route, schema: answer.schema }, input);
  }
  return (input: Asked & CallOptions = {}) => call(route, settings, input);
}

async function call(
  route: Route,
  settings: Settings,
  { signal, ...asked }: Asked & CallOptions,
): Promise<unknown> {
  const { clock, timeoutMs: ms } = settings;
  const what = `${route.method} ${route.path}`;
  const wait = startWait({ clock, ms, what }, signal);
  try {
    const response = await ask(settings, route, { ...asked, signal: wait.signal });
    return await read(response, route, settings);
  } catch (error) {
    throw wait.cause(error);
  } finally {
    wait.close();
  }
}

async function read(response: FetchResponse, { answer }: Route, settings: Settings) {
  if (answer.kind === "nothing" || answer.kind === "events") {
    await response.body?.getReader().cancel();
    return undefined;
  }
  const bytes = await readBytes(response, settings.maxAnswerBytes);
  if (answer.kind === "json") return parseAnswer(answer.schema, jsonOf(bytes));
  const names = Object.keys(answer.headers.shape);
  const sent = names.map((name) => [name, response.headers.get(name) ?? undefined]);
  return checked(
    { bytes, headers: parseAnswer(answer.headers, Object.fromEntries(sent)) },
    settings,
  );
}

function checked(
  answer: BytesAnswer<Readonly<Record<string, unknown>>>,
  { hash }: ApiClientOptions,
): typeof answer {
  const announced = answer.headers["x-fedtune-hash"];
  if (hash === undefined || announced === undefined || hash.sha256(answer.bytes) === announced) {
    return answer;
  }
  const message = "Cannot use the coordinator's bytes: they do not have the hash that it names";
  throw new FedtuneError("blob-corrupt", message, { data: { announced } });
}
