/** What the API tells of the past of a run. */
import { z } from "zod";
import { count, date, digestText, errorCode, metrics, participantIndex } from "../fields.ts";
import { attemptTimeline, memberChange } from "./member-schemas.ts";
import { runState } from "./run-schemas.ts";

const blob = z.object({ hash: digestText, bytes: count });
const published = z.looseObject({ hash: digestText, bytes: count });

const traffic = z.object({
  bytesUp: count,
  bytesDown: count,
  controlBytesUp: count,
  controlBytesDown: count,
});

const aggregationError = z.object({
  total: z.number().nullable(),
  reason: z.string().nullable(),
  standardError: z.number().nullable(),
  modules: metrics,
});

/** Fields that say who took part, or how many; all of them are missing where that is hidden. */
const presence = z
  .object({
    sampled: count,
    accepted: z.array(participantIndex),
    refusals: z.partialRecord(errorCode, count),
    declined: count,
    gone: count,
    training: metrics,
    traffic,
    seconds: z.number().describe("from the opening of the attempt to its commit"),
  })
  .partial();

/** A committed round. */
export const round = z
  .object({
    round: count,
    attempt: count,
    method: metrics,
    aggregationError,
    privacy: z.object({ metrics }).nullable(),
    state: blob,
    parts: z.array(z.object({ id: z.string(), blob: published })),
    adapters: z.array(z.object({ rank: count, hash: digestText, model: digestText })),
    ...presence.shape,
  })
  .meta({ id: "Round" });

/** An evaluation of the adapter after a round. */
export const evaluation = z
  .object({ round: count, metrics, traffic: traffic.nullable() })
  .meta({ id: "Evaluation" });

/** An attempt at a round. */
export const attempt = z
  .object({ round: count, attempt: count, cohort: z.array(participantIndex), target: count })
  .meta({ id: "Attempt" });

/** An update that was not taken. */
export const refusal = z
  .object({
    round: count,
    attempt: count,
    index: participantIndex,
    hash: digestText.nullable(),
    code: errorCode,
    message: z.string(),
  })
  .meta({ id: "Refusal" });

/** A round with its attempts. */
export const roundDetails = z
  .object({
    round: count,
    committed: round.nullable().describe("null: the round is not committed"),
    committedAt: date.nullable().describe("null: it is not committed, or hidden"),
    evaluation: evaluation.nullable(),
    attempts: z
      .array(attemptTimeline)
      .describe("in their order; none where it is hidden who took part"),
  })
  .meta({ id: "RoundDetails" });

/** One number per round. */
export const series = z
  .object({
    metric: z.string(),
    total: count.describe("rounds that have a number"),
    isRaw: z
      .boolean()
      .describe("false: of each of `width` columns only first, least, greatest and last"),
    points: z.array(z.tuple([count, z.number()])).describe("round and value, ascending"),
  })
  .meta({ id: "Series" });

/** What a follower of a run is told. */
export const runEvent = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("state"), state: runState }),
    z.object({ type: z.literal("round"), round }),
    z.object({ type: z.literal("evaluation"), evaluation }),
    z.object({
      type: z.literal("refusal"),
      refusal: z.object({
        client: z.string(),
        code: errorCode,
        message: z.string(),
        round: count.nullable(),
      }),
    }),
    z.object({
      type: z.literal("abandoned"),
      attempt: z.object({ round: count, attempt: count, code: errorCode }),
    }),
    z
      .object({
        type: z.literal("members"),
        round: count,
        attempt: count,
        members: z.array(memberChange),
      })
      .describe("what has changed for members of the cohort; never where presence is hidden"),
    z
      .object({ type: z.literal("missed") })
      .describe("what happened before is not held any more: read the history"),
  ])
  .meta({ id: "RunEvent" });

const mechanism = z.record(z.string(), z.unknown());

/** What a run guarantees, and every row that it has charged. */
export const ledger = z
  .object({
    guarantee: z
      .looseObject({ mode: z.enum(["none", "record-level", "user-level"]) })
      .describe("stated in full for the committed rounds; see: fedtune privacy"),
    rows: z.array(
      z.object({
        sequence: count,
        round: count,
        event: mechanism,
        previous: z.string(),
        hash: z.string(),
        at: date,
      }),
    ),
    total: count,
    next: count.nullable(),
  })
  .meta({ id: "Ledger" });
