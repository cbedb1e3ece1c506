/** Runs of a list for tests; what is left out is that of a run in the middle of its work. */
import type { RunId } from "@fedtune/core";
import type { RunSummary } from "../runs/run-state.ts";

const idle: RunSummary["state"] = {
  ...{ phase: "collecting", round: 3, attempt: 1, present: 4, paused: false },
  ...{ failure: null, countdown: null, counts: null, target: null },
};

const nothingYet: RunSummary["figures"] = {
  ...{ best: null, spark: [], bytesUp: null, epsilon: null, joined: 4 },
};

type Given = Partial<Omit<RunSummary, "id" | "state" | "figures">> & {
  readonly state?: Partial<RunSummary["state"]>;
  readonly figures?: Partial<RunSummary["figures"]>;
};

/** A run. */
export function aRun(id: string, { state, figures, ...others }: Given = {}): RunSummary {
  return {
    ...{ id: id as RunId, model: "all-MiniLM-L6-v2", method: "fedsa-lora", status: "running" },
    ...{ isOpen: true, numRounds: 40, committedRounds: 2, endedAt: null },
    createdAt: "2026-11-20T10:46:00Z",
    ...others,
    state: { ...idle, ...state },
    figures: { ...nothingYet, ...figures },
  };
}
