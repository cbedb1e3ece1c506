/** Limits on requests, by who asks or else by where from. */
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { clientAddress } from "./client-address.ts";
import type { IsTrusted } from "./client-address.ts";
import type { Principal } from "./principal.ts";
import type { Security } from "./security.ts";

interface LimitOptions {
  readonly security: Pick<Security, "authenticate" | "limits">;
  /** See {@link trustedProxies}. */
  readonly isTrusted: IsTrusted;
}

/**
 * Names who asks and counts the request: for an identity, or for the address of one who has shown none.
 *
 * @throws FedtuneError as {@link Security.authenticate}, and `rate-limited`
 */
export function countedAuthentication({
  security,
  isTrusted,
}: LimitOptions): (request: IncomingMessage) => Promise<Principal | null> {
  const { limits } = security;
  const anonymous = (request: IncomingMessage): Promise<void> =>
    limits.takeAt("anonymous", clientAddress(request, isTrusted));
  return async (request) => {
    const principal = await security.authenticate(request).catch(async (error: unknown) => {
      await anonymous(request);
      throw error;
    });
    if (principal === null) await anonymous(request);
    else await limits.take("identified", principal.actor);
    return principal;
  };
}

const counted = { enrolments: "enrolments", invitation: "invitations" } as const;

/** Counts attempts to enrol and looks at invitations by address; to be mounted before the API. */
export function countJoining({ security, isTrusted }: LimitOptions): RequestHandler {
  return async (request, _response, next) => {
    const [, what] = /\/runs\/[^/]+\/(enrolments|invitation)\/?$/.exec(request.path) ?? [];
    if (request.method === "POST" && (what === "enrolments" || what === "invitation")) {
      await security.limits.takeAt(counted[what], clientAddress(request, isTrusted));
    }
    next();
  };
}
