import type { ApiClient } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { keys } from "../../api/keys.ts";
import { useNotify } from "../../../ui/notices.tsx";

/** What an operator does to a run. */
export type Deed = "pause" | "resume" | "stop";

const routes = {
  pause: "pauseRun",
  resume: "resumeRun",
  stop: "stopRun",
} as const satisfies Record<Deed, keyof ApiClient>;

const done: Readonly<Record<Deed, string>> = {
  pause: "Paused: the open round ends, no other opens",
  resume: "Resumed",
  stop: "Stopped",
};

/** Pauses, resumes and stops a run; what the server answers is shown at once. */
export function useSteering(run: string) {
  const api = useApi();
  const cache = useQueryClient();
  const notify = useNotify();
  return useMutation({
    mutationFn: (deed: Deed) => api[routes[deed]]({ params: { run: runId(run) } }),
    onSuccess: (details, deed) => {
      cache.setQueryData(keys.run(run), details);
      void cache.invalidateQueries({ queryKey: keys.runs });
      notify(done[deed]);
    },
  });
}
