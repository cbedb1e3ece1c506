/** Who may speak to the server by a browser. */
import { FedtuneError } from "@fedtune/core";
import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";

/** Names under which a server on a loopback address is reached. */
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** Host names that requests may use; null admits any. On loopback only loopback's: a foreign name means DNS rebinding. */
export function hostsFor(
  host: string,
  allowed: readonly string[] | null,
): readonly string[] | null {
  if (allowed !== null) return allowed;
  const isLoopback = loopbackNames.includes(host) || host === "::1" || host.startsWith("127.");
  return isLoopback ? [...loopbackNames, host] : null;
}

/**
 * Lets programs pass (they send no Origin), pages of the server's own origin, and those of `origins`.
 *
 * @throws FedtuneError `origin-refused`
 */
export function checkOrigin(
  headers: IncomingHttpHeaders,
  hosts: readonly string[] | null,
  origins: ReadonlySet<string> = new Set(),
): void {
  const { host = "", origin } = headers;
  const name = host.replace(/:\d*$/, "").toLowerCase();
  if (hosts !== null && !hosts.includes(name)) {
    throw new FedtuneError(
      "origin-refused",
      `Cannot serve host "${name.slice(0, 80)}": this server has other names`,
    );
  }
  const isForeign = origin !== undefined && hostOf(origin) !== host.toLowerCase();
  if (isForeign && !origins.has(origin)) {
    throw new FedtuneError("origin-refused", "Cannot serve a page of another origin");
  }
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

/** Refuses pages of other origins, and names that are not this server's. */
export function guard(
  hosts: readonly string[] | null,
  origins?: ReadonlySet<string>,
): RequestHandler {
  return (request, _response, next) => {
    checkOrigin(request.headers, hosts, origins);
    next();
  };
}
