/** The address that was wanted before signing in: one of this site, whatever stands in the query. */

/** Where a page leads that knows nowhere better. */
export const homePath = "/runs";

/** The sign-in page. */
export const signInPath = "/sign-in";

/** Address of the sign-in page that leads back to `wanted` (path, query and fragment). */
export function signInAddress(wanted: string): string {
  const path = sameOriginPath(wanted);
  return path === homePath ? signInPath : `${signInPath}?to=${encodeURIComponent(path)}`;
}

/** Where the query of the sign-in page leads. */
export function wantedPath(search: string): string {
  return sameOriginPath(new URLSearchParams(search).get("to") ?? homePath);
}

/** An origin that nothing else has: what leaves it, leaves every site. */
const here = "https://here.invalid";

/** `text` as a path of this site; {@link homePath} for every other address and for the sign-in page itself. */
function sameOriginPath(text: string): string {
  if (!text.startsWith("/") || !URL.canParse(text, here)) return homePath;
  const { origin, pathname, search, hash } = new URL(text, here);
  // A path with two slashes would name a host when it is resolved again.
  if (origin !== here || pathname.startsWith("//") || pathname === signInPath) return homePath;
  return pathname + search + hash;
}
