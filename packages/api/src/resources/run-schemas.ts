/** What the API tells of a run as it is now. */
import type { Phase, RunStatus } from "@fedtune/core";
import { z } from "zod";
import {
  byteCount,
  count,
  date,
  digestText,
  failure,
  participantIndex,
  runName,
} from "../fields.ts";
import { memberStatus } from "./member-schemas.ts";

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
const phase = z.enum(phases);

/** How a run ended, or that it has not. */
export const runStatus = z.enum(statuses);

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

/** A run in figures. */
const runFigures = z
  .object({
    best: z
      .object({ metric: z.string(), round: count, value: z.number() })
      .nullable()
      .describe("the best evaluation by the run's own metric; null: none yet"),
    spark: z
      .array(z.tuple([count, z.number()]))
      .max(60)
      .describe("round and value of that metric, thinned out"),
    bytesUp: byteCount.nullable().describe("of all updates, control messages aside; null: hidden"),
    epsilon: z
      .object({
        spent: z.number(),
        planned: z.number().describe("by a unit that takes part in every round"),
        limit: z.number().nullable().describe("the budget; null: none is set"),
        delta: z.number(),
      })
      .nullable()
      .describe("null: nothing is promised"),
    joined: count.describe("clients that have ever joined"),
  })
  .meta({ id: "RunFigures" });

/** A run in a list. */
export const runSummary = z
  .object({
    id: runName,
    model: z.string(),
    method: z.string(),
    status: runStatus,
    isOpen: z.boolean().describe("whether this server drives it at the moment"),
    numRounds: count.describe("after so many the run is complete"),
    committedRounds: count,
    createdAt: date,
    endedAt: date.nullable(),
    figures: runFigures,
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
