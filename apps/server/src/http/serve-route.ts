/** Serves one route: who asks, what is asked, the answer. */
import type { Route } from "@fedtune/api";
import { FedtuneError, parseInput } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import type { Request, RequestHandler, Response } from "express";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { requireScope } from "../security/principal.ts";
import type { Principal } from "../security/principal.ts";
import type { Feed } from "./feed.ts";
import type { AnyBytes, AnyHandler } from "./handler.ts";
import { readJsonBody, refuseBody } from "./json-body.ts";
import { queryReader } from "./query.ts";
import { sendEvents } from "./send-events.ts";

/** What every route needs. */
export interface ServingOptions {
  readonly authenticate: (request: Request) => Promise<Principal | null>;
  readonly clock: Clock;
  readonly checkAnswers?: boolean;
}

const none = z.strictObject({});

/** Makes what express calls. */
export function serveRoute(
  route: Route,
  handler: AnyHandler,
  options: ServingOptions,
): RequestHandler {
  const readQuery = queryReader(route.query ?? none);
  const answer = sender(route, options);
  return async (request, response) => {
    const by = await admit(route, request, options);
    const params = parsed(route.params ?? none, { ...request.params }, "the address");
    const query = parsed(route.query ?? none, readQuery(request.originalUrl), "the query");
    if (route.body === undefined) refuseBody(request);
    const body =
      route.body === undefined ? null : parsed(route.body, await readJsonBody(request), "the body");
    const result = await handler({
      ...{ params, query, body, by, headers: request.headers },
      address: request.ip ?? "",
      setCookie: (cookie) => {
        response.append("Set-Cookie", cookie);
      },
    });
    answer(result, request, response);
  };
}

function parsed(schema: z.ZodType, value: unknown, what: string): unknown {
  return parseInput(schema, value, { what, code: "message-invalid" });
}

async function admit(
  { access }: Route,
  request: Request,
  { authenticate }: ServingOptions,
): Promise<Principal | null> {
  if (access === null) return null;
  const principal = await authenticate(request);
  if (access !== "signed-in") return requireScope(principal, access);
  if (principal !== null) return principal;
  throw new FedtuneError(
    "unauthenticated",
    "Cannot do this without signing in: wanted a session or a token",
  );
}

type Sender = (result: unknown, request: Request, response: Response) => void;

/** How a route's results are sent. The casts hold because handlers are typed by the very table. */
function sender({ answer }: Route, { clock, checkAnswers = false }: ServingOptions): Sender {
  const check = (schema: z.ZodType, value: unknown): void => {
    if (checkAnswers) checkAnswer(schema, value);
  };
  switch (answer.kind) {
    case "json":
      return (result, _request, response) => {
        check(answer.schema, result);
        response.status(answer.status).json(result);
      };
    case "nothing":
      return (_result, _request, response) => {
        response.status(answer.status).end();
      };
    case "bytes":
      return (result, _request, response) => {
        const { bytes, headers } = result as AnyBytes;
        check(answer.headers, headers);
        response.set(headers).set("Content-Type", "application/octet-stream");
        response.set("Content-Length", String(bytes.length));
        response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      };
    case "events":
      return (result, request, response) => {
        const feed = result as Feed<unknown>;
        const checked = (event: unknown): void => {
          check(answer.schema, event);
        };
        sendEvents({ request, response }, feed, { clock, check: checked });
      };
  }
}

/** @throws TypeError when an answer is not exactly what its schema says, nothing less and nothing more */
function checkAnswer(schema: z.ZodType, value: unknown): void {
  const sent: unknown = JSON.parse(JSON.stringify(value));
  const result = schema.safeParse(sent);
  if (result.success && isDeepStrictEqual(result.data, sent)) return;
  const why = result.success ? "it has fields that the schema lacks" : result.error.message;
  throw new TypeError(`Cannot send an answer that the API does not describe: ${why}`);
}
