/** What a run waits for, and how long at most: so that no wait is endless, and each can be shown with its countdown. */
import type { RoundPolicy } from "../config/rounds.ts";
import { waitMs } from "./attempt.ts";
import { isOutstanding } from "./state.ts";
import type { RoundState, TimerName } from "./types.ts";

/** One thing that a run waits for. */
export type Wait =
  /** Something from outside that may never come; a timer ends it. */
  | {
      readonly for: "clients" | "updates" | "uploads" | "return";
      /** The engine's timer that ends it. */
      readonly timer: TimerName;
      /** From its beginning. */
      readonly atMostMs: number;
      /** Participants that it is about; empty: whoever comes. */
      readonly indices: readonly number[];
    }
  /** Work of this process that ends by itself, or fails. */
  | { readonly for: "store" | "aggregation" | "commit" | "evaluation"; readonly timer: null };

/** Everything that the run waits for; empty: it has ended, an operator has paused it, or it has not been started. */
export function waits(state: RoundState, policy: RoundPolicy): readonly Wait[] {
  switch (state.phase) {
    case "waiting": {
      if (state.paused) return [];
      const atMostMs = waitMs(policy, state);
      return [{ for: "clients", timer: "wait", atMostMs, indices: [] }];
    }
    case "collecting":
      return collecting(state, policy);
    case "aggregating":
      return [{ for: "aggregation", timer: null }];
    case "committing":
      return [{ for: "commit", timer: null }];
    case "evaluating":
      return [{ for: "evaluation", timer: null }];
    default:
      return [];
  }
}

function collecting({ cohort, inGrace }: RoundState, policy: RoundPolicy): readonly Wait[] {
  const open = cohort.filter(isOutstanding);
  const indices = open.map(({ index }) => index);
  const { uploadGraceMs, roundTimeoutMs, reconnectGraceMs, restartGraceMs } = policy;
  const updates: Wait = inGrace
    ? { for: "uploads", timer: "round", atMostMs: uploadGraceMs, indices }
    : { for: "updates", timer: "round", atMostMs: roundTimeoutMs, indices };
  const returns = open
    .filter(({ away }) => away)
    .map(({ index }): Wait => ({
      ...{ for: "return", timer: `grace-${index}`, indices: [index] },
      atMostMs: Math.max(reconnectGraceMs, restartGraceMs),
    }));
  const isStoring = open.some(({ status }) => status === "storing");
  return [updates, ...returns, ...(isStoring ? [{ for: "store", timer: null } as const] : [])];
}
