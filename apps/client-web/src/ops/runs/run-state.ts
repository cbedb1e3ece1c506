/** The state of a run in the words that people read. */
import type { ItemOf } from "@fedtune/api";
import { formatCount, runStates } from "@fedtune/figures";
import type { RunStateName, StateLook } from "@fedtune/figures";

/** A run of the list. */
export type RunSummary = ItemOf<"listRuns">;

/** A state with what is to be said after its word. */
export interface RunStateView {
  readonly name: RunStateName;
  readonly look: StateLook;
  /** Why, or what it waits for; empty where the word says it all. */
  readonly detail: string;
}

const ended = { completed: "finished", failed: "failed", stopped: "stopped" } as const;

/** The state of a run. */
export function runStateOf({ status, state }: Pick<RunSummary, "status" | "state">): RunStateView {
  const name = nameOf(status, state);
  return { name, look: runStates[name], detail: detailOf(name, state) };
}

function nameOf(
  status: RunSummary["status"],
  { phase, paused }: RunSummary["state"],
): RunStateName {
  if (status !== "running") return ended[status];
  if (paused) return "paused";
  return phase === "waiting" || phase === "idle" ? "waiting" : "running";
}

function detailOf(name: RunStateName, { failure, present, attempt }: RunSummary["state"]): string {
  if (name === "failed") return failure?.message ?? "";
  if (name === "waiting") return `${formatCount(present)} here`;
  return name === "running" && attempt > 1 ? `attempt ${formatCount(attempt)}` : "";
}

/**
 * Whether somebody should look at a run: it waits, repeats a round, has a failure to tell, or plans to spend more privacy
 * than its limit.
 */
export function isTroubled(run: RunSummary): boolean {
  const { attempt, failure } = run.state;
  const { epsilon } = run.figures;
  const isOver = epsilon !== null && epsilon.limit !== null && epsilon.planned > epsilon.limit;
  if (run.status !== "running") return false;
  return attempt > 1 || failure !== null || isOver || runStateOf(run).name === "waiting";
}
