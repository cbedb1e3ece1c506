/** Who is asking, and what they may do. */
import type { Scope } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";

/** Somebody who has shown who they are. */
export interface Principal {
  readonly kind: "operator" | "token";
  /** For the audit log: `operator:NAME` or `token:ID`. */
  readonly actor: string;
  /** `admin` includes all. */
  readonly scopes: readonly Scope[];
}

/**
 * Holds a principal to a scope.
 *
 * @throws FedtuneError `unauthenticated` without a principal, `forbidden` without the scope
 */
export function requireScope(principal: Principal | null, scope: Scope): Principal {
  if (principal === null) {
    const message = `Cannot do this without signing in: wanted a session or a token with scope ${scope}`;
    throw new FedtuneError("unauthenticated", message, { data: { scope } });
  }
  if (principal.scopes.includes("admin") || principal.scopes.includes(scope)) return principal;
  const message = `Cannot do this as ${principal.actor}: wanted scope ${scope}`;
  throw new FedtuneError("forbidden", message, { data: { scope, has: principal.scopes } });
}
