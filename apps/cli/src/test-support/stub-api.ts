/** A coordinator's API that says what a test wants, on a port: answers by route, requests written down. */
import { apiBase, routes } from "@fedtune/api";
import type { OutputOf, Route, RouteName } from "@fedtune/api";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Asked {
  readonly name: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

export interface StubApi {
  readonly url: string;
  /** Requests so far. */
  readonly asked: Asked[];
  /** Sets the answer of a route; events are sent one after the other, then the stream ends. */
  on<Name extends RouteName>(
    name: Name,
    answer: Name extends "followRun" ? readonly OutputOf<Name>[] : OutputOf<Name>,
  ): void;
  /** Lets a route fail. */
  fail(
    name: RouteName,
    status: number,
    error: { code: string; message: string; data?: object },
  ): void;
  close(): Promise<void>;
}

interface StubAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

/** Starts it on a free port. */
export async function stubApi(): Promise<StubApi> {
  const answers = new Map<string, StubAnswer>();
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let text = "";
      for await (const piece of request as AsyncIterable<Buffer>) text += piece.toString();
      const path = (request.url ?? "").slice(apiBase.length);
      const name = routeOf(request.method ?? "", path);
      const authorization = request.headers.authorization ?? null;
      asked.push({ name, path, authorization, body: text === "" ? null : JSON.parse(text) });
      const answer = answers.get(name) ?? failure(404, { code: "usage", message: `no ${name}` });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    on(name, answer) {
      answers.set(name, success(routes[name], answer));
    },
    fail(name, status, error) {
      answers.set(name, failure(status, error));
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function routeOf(method: string, path: string): string {
  const [address = ""] = path.split("?");
  const found = Object.entries<Route>(routes).find(
    ([, route]) =>
      route.method === method &&
      new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`).test(address),
  );
  return found?.[0] ?? `${method} ${path}`;
}

function success({ answer }: Route, value: unknown): StubAnswer {
  const json = { "content-type": "application/json" };
  if (answer.kind === "nothing") return { status: 204, headers: {}, body: "" };
  if (answer.kind === "bytes") {
    const { bytes, headers } = value as { bytes: Uint8Array; headers: Record<string, string> };
    return { status: 200, headers, body: bytes };
  }
  if (answer.kind === "json")
    return { status: answer.status, headers: json, body: JSON.stringify(value) };
  const events = (value as unknown[]).map((event) => `data: ${JSON.stringify(event)}\n\n`);
  const body = `${events.join("")}event: end\ndata: {}\n\n`;
  return { status: 200, headers: { "content-type": "text/event-stream" }, body };
}

function failure(
  status: number,
  error: { code: string; message: string; data?: object },
): StubAnswer {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify({ data: {}, ...error }) };
}
