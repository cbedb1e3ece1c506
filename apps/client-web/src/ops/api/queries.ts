/** What several pages read. */
import type { ApiClient, OutputOf } from "@fedtune/api";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { keys } from "./keys.ts";

/** What a server tells of itself. */
export type ServerFacts = OutputOf<"getServer">;

/** What the server can do; it changes only with the server's version. */
export function serverQuery(api: ApiClient) {
  return queryOptions({
    queryKey: keys.server,
    queryFn: ({ signal }) => api.getServer({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** How often the list of runs is read while one of them goes on. */
const LIVE_MS = 5_000;

/** The newest runs, at most `limit` of them, with `text` in their name, model or method. */
export function runsQuery(
  api: ApiClient,
  { text, limit }: { readonly text: string; readonly limit: number },
) {
  const query = text === "" ? { limit } : { limit, text };
  return queryOptions({
    queryKey: [...keys.runs, text, limit],
    queryFn: ({ signal }) => api.listRuns({ query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ status }) => status === "running") === false ? false : LIVE_MS,
  });
}
