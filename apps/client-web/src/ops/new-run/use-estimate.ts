import type { ApiClient } from "@fedtune/api";
import { keepPreviousData, queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { useSettled } from "../shell/use-settled.ts";
import type { Estimate } from "./cost-rows.ts";
import { valueAt, withValueAt } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";

/** A change of the config is counted once it has stood still for so long. */
const SETTLE_MS = 150;
/** How long what was counted is kept for a config that nobody looks at. */
const KEPT_MS = 60_000;

function estimateOf(api: ApiClient, config: JsonObject) {
  return queryOptions({
    queryKey: keys.estimate(config),
    queryFn: ({ signal }) => api.estimateRun({ body: { config }, signal }),
    // A config says the same tomorrow.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
  });
}

/** What the server says of a config: the old figures stay until the new ones are there. */
export function useEstimate(config: JsonObject): UseQueryResult<Estimate> {
  const query = estimateOf(useApi(), useSettled(config, SETTLE_MS));
  return useQuery({ ...query, placeholderData: keepPreviousData });
}

/** Settings that decide how much a method sends. */
const sizes = ["name", "model", "task", "adapter", "head", "update"];

/** Bytes per round and client that each of some methods would send with these settings. */
export function useBytesOf(
  methods: readonly string[],
  config: JsonObject,
): ReadonlyMap<string, number> {
  const api = useApi();
  const settled = useSettled(config, SETTLE_MS);
  const chosen = valueAt(settled, "method");
  return useQueries({
    queries: methods.map((name) => estimateOf(api, sized(settled, name, chosen))),
    combine: (results) => {
      const pairs = methods.map(
        (name, at) => [name, results[at]?.data?.cost?.bytes.perRound.up] as const,
      );
      return new Map(
        pairs.flatMap(([name, up]) => (up === undefined ? [] : [[name, up] as const])),
      );
    },
  });
}

/** The config with another method and nothing that does not touch its size: privacy costs time to count. */
function sized(
  config: JsonObject,
  name: string,
  chosen: JsonObject[string] | undefined,
): JsonObject {
  const kept = sizes.reduce<JsonObject>((made, key) => {
    const value = valueAt(config, key);
    return value === undefined ? made : withValueAt(made, key, value);
  }, {});
  const isChosen = valueAt(chosen, "name") === name;
  return { ...kept, method: isChosen && chosen !== undefined ? chosen : { name } };
}
