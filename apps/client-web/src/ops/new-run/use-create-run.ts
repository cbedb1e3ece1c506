import type { OutputOf } from "@fedtune/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { UseMutationResult } from "@tanstack/react-query";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { dropDraft, tabStorage } from "./draft.ts";
import type { JsonObject } from "./form/json.ts";

/** Makes a run of a config and opens it. */
export function useCreateRun(
  config: JsonObject,
): UseMutationResult<OutputOf<"createRun">, Error, void> {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.createRun({ body: { config } }),
    onSuccess: async (run) => {
      dropDraft(tabStorage());
      queries.setQueryData(keys.run(run.id), run);
      await queries.invalidateQueries({ queryKey: keys.runs });
    },
    // What was wrong may be known only now: the name is taken, the disk is full.
    onError: () => queries.invalidateQueries({ queryKey: keys.estimate(config) }),
  });
}
