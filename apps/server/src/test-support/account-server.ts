/** The API over security alone, on a port of its own: of runs it knows no more than that they are there. */
import { apiBase, createApiClient } from "@fedtune/api";
import type { ApiClient } from "@fedtune/api";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import express from "express";
import { createServer } from "node:http";
import { pino } from "pino";
import type { Logger } from "pino";
import { errorHandler } from "../edge.ts";
import { createApi } from "../http/api.ts";
import type { RunService } from "../http/run-service.ts";
import { closer, listen } from "../listen.ts";
import { serverLog } from "../log.ts";
import { accountService } from "../security/account-service.ts";
import { allowedOrigins, allowOrigins, dataHeaders } from "../security/browser-policy.ts";
import { trustedProxies } from "../security/client-address.ts";
import { countedAuthentication, countJoining } from "../security/request-limits.ts";
import type { Security } from "../security/security.ts";

export interface AccountServer {
  readonly url: string;
  /** Address of the API. */
  readonly api: string;
  client(headers: Record<string, string>): ApiClient;
  /** Signs in as a browser does; what its pages send from then on. */
  browser(who: { readonly name: string; readonly password: string }): Promise<{
    readonly setCookie: string;
    readonly headers: Record<"cookie" | "origin" | "x-fedtune-csrf", string>;
  }>;
  close(): Promise<void>;
}

interface AccountServerOptions {
  readonly security: Security;
  readonly now: () => Date;
  readonly logger?: Logger;
}

const nobodyInvited = (): Promise<never> => Promise.reject(new Error("not here"));

/** Starts it. */
export async function accountServer(options: AccountServerOptions): Promise<AccountServer> {
  const http = createServer(appOf(options));
  const { url } = await listen(http, "127.0.0.1", 0);
  const api = url + apiBase;
  return {
    ...{ url, api },
    client: (headers) =>
      createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers: () => headers }),
    async browser(who) {
      const answer = await fetch(`${api}/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(who),
      });
      if (answer.status !== 201) throw new Error(`Cannot sign in: status ${answer.status}`);
      const setCookie = answer.headers.get("set-cookie") ?? "";
      const { csrf } = (await answer.json()) as { csrf: string };
      const cookie = setCookie.split(";")[0] ?? "";
      return { setCookie, headers: { cookie, origin: url, "x-fedtune-csrf": csrf } };
    },
    close: closer(http, 1_000, () => new Promise((resolve) => http.close(() => resolve()))),
  };
}

function appOf({ security, now, logger = pino({ level: "silent" }) }: AccountServerOptions) {
  const cookies = { secure: false };
  const isTrusted = trustedProxies("loopback");
  const runs = { get: () => Promise.resolve(null), clients: () => Promise.resolve([]) };
  const app = express();
  app.set("trust proxy", isTrusted);
  app.use(dataHeaders(cookies), allowOrigins(allowedOrigins(["https://lab.example"])));
  app.use((request, _response, next) => {
    logger.debug({ method: request.method, url: request.url, headers: request.headers }, "request");
    next();
  });
  app.get("/signed", async ({ method, originalUrl: path, headers }, response) => {
    response.json(await security.requests.request({ method, path, headers }));
  });
  app.use(countJoining({ security, isTrusted }));
  app.use(
    apiBase,
    createApi({
      runs: runs as unknown as RunService,
      security: accountService({ security, now, cookies }),
      invitations: { open: nobodyInvited, model: nobodyInvited },
      authenticate: countedAuthentication({ security, isTrusted }),
      facts: { version: "1", methods: [], kinds: [], presets: [], configSchema: {} },
      clock: nodeClock,
      checkAnswers: true,
    }),
  );
  app.use((error: unknown, _request: unknown, _response: unknown, next: (e: unknown) => void) => {
    logger.error({ err: error }, "refused");
    next(error);
  });
  app.use(errorHandler(serverLog(logger)));
  return app;
}
