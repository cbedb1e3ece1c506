/** What the API tells of a run as it is now. */
import type { MemberStatus, Phase, RunStatus } from "@fedtune/core";
import { z } from "zod";
import { count, date, digestText, failure, participantIndex, runName } from "../fields.ts";

const phases = [
  ...["idle", "waiting", "collecting", "aggregating", "committing", "evaluating"],
  ...["completed", "failed", "stopped"],
] as const satisfies readonly Phase[];
const statuses = [
  "running",
  "completed",
  "failed",
  "stopped",
] as const satisfies readonly RunStatus[];
const memberStatuses = [
  ...["ordered", "training", "storing", "accepted", "refused", "declined", "gone"],
] as const satisfies readonly MemberStatus[];

const phase = z.enum(phases);
const memberStatus = z.enum(memberStatuses);

/** What changes while a run goes on. */
export const runState = z
  .object({
    phase: phase.describe("what the run does at the moment, or how it ended"),
    round: count.describe("being worked on, from 1; 0 before the first"),
    attempt: count,
    present: count.describe("clients that are connected and ready"),
    paused: z.boolean(),
    failure: failure.nullable(),
    countdown: z
      .object({ timer: z.enum(["wait", "round"]), remainingMs: count })
      .nullable()
      .describe("the deadline that the run waits for"),
    counts: z
      .record(memberStatus, count)
      .nullable()
      .describe("members of the cohort by status; null: hidden, or nobody was asked"),
    target: count.nullable().describe("accepted updates that close the round; null: hidden"),
  })
  .meta({ id: "RunState" });

/** A run in a list. */
export const runSummary = z
  .object({
    id: runName,
    model: z.string(),
    method: z.string(),
    status: z.enum(statuses),
    isOpen: z.boolean().describe("whether this server drives it at the moment"),
    numRounds: count.describe("after so many the run is complete"),
    committedRounds: count,
    createdAt: date,
    state: runState,
  })
  .meta({ id: "RunSummary" });

/** A participant as everybody may know it. */
const participant = z.object({
  index: participantIndex,
  present: z.boolean(),
  holds: count.nullable().describe("round whose adapter it holds; null: none, or hidden"),
  status: memberStatus.nullable().describe("in the cohort of now; null: not in it, or hidden"),
});

/** Everything about a run but its history. */
export const runDetails = z
  .object({
    ...runSummary.shape,
    configHash: digestText,
    config: z.record(z.string(), z.unknown()).describe("as it was resolved"),
    presence: z.enum(["shown", "hidden"]).describe("hidden: nobody is told who took part"),
    participants: z.array(participant),
  })
  .meta({ id: "Run" });
