/** Runs: made, steered, looked at. */
import { z } from "zod";
import { digestText, page, pageOf, runName } from "../fields.ts";
import { created, defineRoutes, json, nothing } from "../route.ts";
import { estimate } from "./estimate-schemas.ts";
import {
  attempt,
  evaluation,
  ledger,
  refusal,
  round,
  roundDetails,
  runEvent,
  series,
} from "./history-schemas.ts";
import { participantFacts } from "./member-schemas.ts";
import { runDetails, runStatus, runSummary } from "./run-schemas.ts";

const tag = "runs";
const one = z.strictObject({ run: runName });

const newRun = z
  .strictObject({
    config: z.record(z.string(), z.unknown()).describe("the run config, see getServer"),
    start: z.boolean().default(true).describe("false: the run is made paused"),
  })
  .meta({ id: "NewRun" });

const runFilter = z.strictObject({
  ...page.shape,
  status: runStatus.optional().describe("only runs that have ended so, or are running"),
  text: z
    .string()
    .regex(/^\P{C}{1,80}$/u, "1 to 80 characters")
    .optional()
    .describe("only runs with this in their name, model or method; capitals do not matter"),
});

const seriesQuery = z.strictObject({
  metric: z
    .string()
    .regex(
      /^(evaluation|training|method|privacy|traffic)\.[\w.-]{1,64}$|^(seconds|aggregationError)$/,
      "a section and a name, such as evaluation.accuracy, or seconds, or aggregationError",
    )
    .describe("such as evaluation.accuracy, training.loss, traffic.bytesUp, aggregationError"),
  width: z.int().min(16).max(4096).default(1000).describe("columns that the points are drawn in"),
  from: z.int().min(0).max(1_000_000_000).default(0).describe("first round"),
  to: z.int().min(0).max(1_000_000_000).default(1_000_000_000).describe("last round"),
});

const adapterAddress = z.strictObject({
  run: runName,
  round: z
    .string()
    .regex(/^(latest|best|\d{1,9})$/, "a number, latest or best")
    .describe("a round, `latest`, or `best` by the run's evaluation metric"),
});

const adapterHeaders = z.object({
  "x-fedtune-hash": digestText.describe("SHA-256 of the bytes"),
  "x-fedtune-round": z.string().regex(/^\d{1,9}$/),
  "x-fedtune-rank": z.string().regex(/^\d{1,9}$/),
});

/** Routes about runs. */
export const runRoutes = defineRoutes({
  createRun: {
    ...{ method: "POST", path: "/runs", access: "runs:write", tag },
    summary: "Makes a run from a config and opens it",
    body: newRun,
    answer: created(runDetails),
  },
  listRuns: {
    ...{ method: "GET", path: "/runs", access: "runs:read", tag },
    summary: "Runs, the newest first",
    query: runFilter,
    answer: json(pageOf(runSummary)),
  },
  getRun: {
    ...{ method: "GET", path: "/runs/:run", access: "runs:read", tag },
    summary: "A run: config, state, participants",
    params: one,
    answer: json(runDetails),
  },
  pauseRun: {
    ...{ method: "POST", path: "/runs/:run/pause", access: "runs:write", tag },
    summary: "Lets the round at hand end and opens no other",
    params: one,
    answer: json(runDetails),
  },
  resumeRun: {
    ...{ method: "POST", path: "/runs/:run/resume", access: "runs:write", tag },
    summary: "Ends a pause",
    params: one,
    answer: json(runDetails),
  },
  stopRun: {
    ...{ method: "POST", path: "/runs/:run/stop", access: "runs:write", tag },
    summary: "Ends a run for good, after the step at hand",
    params: one,
    answer: json(runDetails),
  },
  estimateRun: {
    ...{ method: "POST", path: "/estimates", access: "runs:write", tag },
    summary: "What is wrong with a config, and what its run would cost; makes nothing",
    body: z.strictObject({ config: newRun.shape.config }).meta({ id: "EstimateRequest" }),
    answer: json(estimate),
  },
  deleteRun: {
    ...{ method: "DELETE", path: "/runs/:run", access: "runs:write", tag },
    summary: "Forgets a run that has ended, with all that is known of it",
    params: one,
    answer: nothing,
  },
});

/** Routes about the past of runs. */
export const historyRoutes = defineRoutes({
  listRounds: {
    ...{ method: "GET", path: "/runs/:run/rounds", access: "runs:read", tag },
    summary: "Committed rounds",
    params: one,
    query: page,
    answer: json(pageOf(round)),
  },
  getRound: {
    ...{ method: "GET", path: "/runs/:run/rounds/:round", access: "runs:read", tag },
    summary: "A round with its attempts: who did what, and when",
    params: z.strictObject({
      run: runName,
      round: z
        .string()
        .regex(/^[1-9]\d{0,8}$/, "a number from 1")
        .describe("committed, or at hand"),
    }),
    answer: json(roundDetails),
  },
  getSeries: {
    ...{ method: "GET", path: "/runs/:run/series", access: "runs:read", tag },
    summary: "One number per round, thinned out to a width where there are more than 20,000",
    params: one,
    query: seriesQuery,
    answer: json(series),
  },
  listParticipants: {
    ...{ method: "GET", path: "/runs/:run/participants", access: "runs:read", tag },
    summary: "Who takes part, with what each has done; none where that is hidden",
    params: one,
    query: page,
    answer: json(pageOf(participantFacts)),
  },
  listEvaluations: {
    ...{ method: "GET", path: "/runs/:run/evaluations", access: "runs:read", tag },
    summary: "Evaluations; round 0 is the first adapter",
    params: one,
    query: page,
    answer: json(pageOf(evaluation)),
  },
  listAttempts: {
    ...{ method: "GET", path: "/runs/:run/attempts", access: "runs:read", tag },
    summary: "Attempts at rounds; none where it is hidden who took part",
    params: one,
    query: page,
    answer: json(pageOf(attempt)),
  },
  listRefusals: {
    ...{ method: "GET", path: "/runs/:run/refusals", access: "runs:read", tag },
    summary: "Updates that were not taken; none where it is hidden who took part",
    params: one,
    query: page,
    answer: json(pageOf(refusal)),
  },
  getLedger: {
    ...{ method: "GET", path: "/runs/:run/ledger", access: "runs:read", tag },
    summary: "The privacy that a run guarantees, and what it has charged",
    params: one,
    query: page,
    answer: json(ledger),
  },
  getAdapter: {
    ...{ method: "GET", path: "/runs/:run/rounds/:round/adapter", access: "adapters:read", tag },
    summary: "Float32 values of an adapter, little-endian",
    params: adapterAddress,
    query: z.strictObject({
      rank: z.int().positive().max(4096).optional().describe("default: adapter.rank of the config"),
    }),
    answer: { kind: "bytes", status: 200, headers: adapterHeaders },
  },
  followRun: {
    ...{ method: "GET", path: "/runs/:run/events", access: "runs:read", tag },
    summary: "Events of a run as they happen; Last-Event-ID goes on where a reader was",
    params: one,
    answer: { kind: "events", status: 200, schema: runEvent },
  },
});
