/** The one cookie of the coordinator: a browser's session. */

/** How the session's cookie is set. */
export interface CookiePolicy {
  /** Whether browsers reach the coordinator by https, directly or through a proxy. */
  readonly secure: boolean;
}

/** Over https the prefix binds the cookie to exactly this host; browsers refuse it on plain http. */
function sessionCookieName({ secure }: CookiePolicy): string {
  return secure ? "__Host-fedtune-session" : "fedtune-session";
}

/** The `Set-Cookie` that keeps a session's secret until the session ends at the latest; null forgets it. */
export function sessionCookie(
  policy: CookiePolicy,
  session: { readonly secret: string; readonly longestMs: number } | null,
): string {
  const value = session?.secret ?? "";
  const seconds = session === null ? 0 : Math.floor(session.longestMs / 1000);
  const parts = [`${sessionCookieName(policy)}=${value}`, "Path=/", `Max-Age=${seconds}`];
  return [...parts, "HttpOnly", "SameSite=Strict", ...(policy.secure ? ["Secure"] : [])].join("; ");
}

/** The session's secret in a `Cookie` header; null without one, or with several: then somebody has planted one. */
export function readSessionCookie(policy: CookiePolicy, header: string | undefined): string | null {
  const start = `${sessionCookieName(policy)}=`;
  const found = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start))
    .map((part) => part.slice(start.length));
  const [value] = found;
  return found.length === 1 && value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value)
    ? value
    : null;
}
