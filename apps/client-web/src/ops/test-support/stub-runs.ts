/** The runs of the pictures: states and figures in keeping with each other. */
import type { RunSummary } from "../runs/run-state.ts";
import { aRun } from "./runs.ts";

const dense = 313_488;

/** Accuracy over rounds as it rises: fast, then slowly. */
function rising(rounds: number, from: number, to: number): [number, number][] {
  return Array.from({ length: rounds }, (_, at) => {
    const share = 1 - Math.exp(-(at + 1) / 9);
    const ripple = 0.006 * Math.sin(2.4 * (at + 1));
    return [at + 1, from + (to - from) * share + ripple];
  });
}

function learning(rounds: number, to: number): Pick<RunSummary["figures"], "best" | "spark"> {
  const spark = rising(rounds, 0.34, to);
  const [round, value] = spark.reduce((best, one) => (one[1] > best[1] ? one : best));
  return { best: { metric: "accuracy", round, value }, spark };
}

const epsilon = (spent: number, planned: number, limit: number | null) => ({
  epsilon: { spent, planned, limit, delta: 1e-5 },
});

/** The runs of the list. */
export const runs: readonly RunSummary[] = [
  aRun("message-triage", {
    committedRounds: 26,
    state: { round: 27, present: 31 },
    figures: {
      ...learning(26, 0.85),
      ...{ bytesUp: 432 * 147_552, joined: 38 },
      ...epsilon(2.31, 2.75, 3),
    },
  }),
  aRun("ward-notes", {
    method: "ffa-lora",
    createdAt: "2026-11-20T09:02:00Z",
    state: { phase: "waiting", round: 0, present: 9 },
    committedRounds: 0,
    figures: { joined: 9, bytesUp: 0, ...epsilon(0, 2.91, 3) },
  }),
  aRun("referral-letters", {
    method: "fedsvd",
    createdAt: "2026-11-19T13:20:00Z",
    committedRounds: 11,
    state: { round: 12, attempt: 2, present: 14 },
    figures: {
      ...learning(11, 0.74),
      bytesUp: 154 * 166_032,
      joined: 22,
      ...epsilon(1.42, 2.6, 3),
    },
  }),
  aRun("household-demo", {
    ...{ method: "fedavg", model: "fedtune-mini", status: "completed", numRounds: 10 },
    ...{ committedRounds: 10, createdAt: "2026-11-18T16:41:00Z", endedAt: "2026-11-18T17:05:00Z" },
    figures: { ...learning(10, 0.91), bytesUp: 40 * dense, joined: 4 },
  }),
  aRun("triage-small-noise", {
    ...{ status: "stopped", committedRounds: 7, createdAt: "2026-11-17T08:12:00Z" },
    endedAt: "2026-11-17T09:40:00Z",
    figures: { ...learning(7, 0.7), bytesUp: 112 * 147_552, joined: 31, ...epsilon(2.93, 5.93, 3) },
  }),
  aRun("lab-results", {
    ...{ method: "lora-fair", status: "failed", committedRounds: 3 },
    ...{ createdAt: "2026-11-16T11:30:00Z", endedAt: "2026-11-16T14:02:00Z" },
    state: {
      phase: "failed",
      failure: { code: "quorum-missed", message: "9 of 12 updates in 3 attempts" },
    },
    figures: { ...learning(3, 0.6), bytesUp: 31 * dense, joined: 12 },
  }),
];
