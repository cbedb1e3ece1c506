/** Who is signed in, as the query cache knows it. */
import type { ApiClient, OutputOf, Scope } from "@fedtune/api";
import { isFedtuneError } from "@fedtune/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useApi } from "./context.tsx";
import { keys } from "./keys.ts";

/** Who is asking; null: nobody has signed in. */
export type Me = OutputOf<"getMe"> | null;

/** Codes of a session that is over. */
const signedOut = ["unauthenticated", "credential-expired", "credential-revoked"] as const;

/** Whether an error says that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return signedOut.some((code) => isFedtuneError(error, code));
}

async function readMe(api: ApiClient, signal: AbortSignal): Promise<Me> {
  try {
    return await api.getMe({ signal });
  } catch (error) {
    if (isSignedOut(error)) return null;
    throw error;
  }
}

/** The query for who is signed in; asked again when the page is looked at, since another tab may have changed it. */
export function meQuery(api: ApiClient) {
  return queryOptions({
    queryKey: keys.me,
    queryFn: ({ signal }) => readMe(api, signal),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: "always",
  });
}

/** Whether a signed-in person may do what needs a scope; `admin` includes all. */
export function allows(me: Me, scope: Scope): boolean {
  return me !== null && (me.scopes.includes(scope) || me.scopes.includes("admin"));
}

/** Who is signed in; null until it is known. */
export function useMe(): Me {
  return useQuery(meQuery(useApi())).data ?? null;
}
