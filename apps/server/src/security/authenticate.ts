/** Who asks: a program by its bearer token, or a person by a session's cookie. */
import { FedtuneError } from "@fedtune/core";
import type { IncomingHttpHeaders } from "node:http";
import type { ApiTokens } from "./api-tokens.ts";
import { readSessionCookie } from "./cookies.ts";
import type { CookiePolicy } from "./cookies.ts";
import { scopesOf } from "./operators.ts";
import type { Principal } from "./principal.ts";
import type { LiveSession, Sessions } from "./sessions.ts";

/** The part of a request that tells who asks; Node's and Express' fit. */
export interface AskingRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** The header in which a page repeats its session's CSRF token. */
export const csrfHeader = "x-fedtune-csrf";

/** Methods that change nothing. */
const reading: readonly string[] = ["GET", "HEAD", "OPTIONS"];

interface AuthenticatorPorts {
  readonly tokens: Pick<ApiTokens, "resolve">;
  readonly sessions: Pick<Sessions, "resolve" | "checkCsrf">;
  readonly cookies: CookiePolicy;
}

/**
 * Makes the function that names who asks; null: nobody in particular.
 *
 * A token goes before a cookie. A session's request that changes something must come from a page of this very host
 * and repeat its CSRF token.
 *
 * @throws FedtuneError `unauthenticated` for an authorisation that is none, `credential-expired`,
 * `credential-revoked`, `origin-refused` and `forbidden` for a session's request from elsewhere
 */
export function authenticator(
  ports: AuthenticatorPorts,
): (request: AskingRequest, how?: { readonly quietly: boolean }) => Promise<Principal | null> {
  return async (request, how) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) return ports.tokens.resolve(bearerOf(authorization));
    const secret = readSessionCookie(ports.cookies, request.headers.cookie);
    if (secret === null) return null;
    checkSite(request);
    const session = await ports.sessions.resolve(secret, how);
    if (session === null) return null;
    if (!reading.includes(request.method ?? "")) {
      ports.sessions.checkCsrf(session, one(request.headers[csrfHeader]));
    }
    return principalOf(session);
  };
}

/** The principal of a session. */
function principalOf({ operator, role }: LiveSession): Principal {
  return { kind: "operator", actor: `operator:${operator}`, scopes: scopesOf(role) };
}

/**
 * Refuses a request that carries a cookie but was not made by a page of this host. A writing request must say where it
 * comes from, by `Origin` or by `Sec-Fetch-Site`, as all browsers do.
 *
 * @throws FedtuneError `origin-refused`
 */
function checkSite({ method = "", headers }: AskingRequest): void {
  const { origin, host = "" } = headers;
  const site = one(headers["sec-fetch-site"]);
  const isReading = reading.includes(method);
  // `none`: the user typed the address.
  const isOwnSite = site === "same-origin" || (site === "none" && isReading);
  if (site !== null && !isOwnSite) throw foreign(`Sec-Fetch-Site is ${site.slice(0, 20)}`);
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase())
    throw foreign("its Origin is another");
  if (!isReading && origin === undefined && site === null) throw foreign("it has no Origin");
}

function foreign(why: string): FedtuneError {
  return new FedtuneError("origin-refused", `Cannot take a session's request: ${why}`);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function bearerOf(authorization: string): string {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1] ?? "";
}

function one(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : null;
}
