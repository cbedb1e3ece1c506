import { z } from "zod";

/** Buffered-asynchronous rounds; defaults are FedBuff's where it has them. */
const bufferSchema = z.strictObject({
  size: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("accepted updates that close a round; null: minFitClients"),
  maxStaleness: z
    .int()
    .min(0)
    .max(10_000)
    .default(10)
    .describe("rounds that may pass between an order and its update; later ones are refused"),
  discount: z
    .enum(["polynomial", "constant"])
    .default("polynomial")
    .describe(
      "polynomial: an update weighs (1 + staleness)^-exponent; constant: as much as a fresh one",
    ),
  exponent: z.number().min(0).max(10).default(0.5).describe("of the polynomial discount"),
  concurrency: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("clients that train at once; null: all that are there"),
});

/** Who takes part in a round and how long anything may take. */
export const roundsSchema = z.strictObject({
  numRounds: z
    .int()
    .positive()
    .max(1_000_000)
    .default(5)
    .describe("after so many the run is complete"),
  sampling: z
    .enum(["fixed", "poisson"])
    .default("fixed")
    .describe(
      "fixed: a cohort of fixed size without replacement; poisson: each available client on its own",
    ),
  fractionFit: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("share of the available clients per round"),
  minFitClients: z
    .int()
    .positive()
    .default(2)
    .describe("quorum: fewer accepted updates fail the attempt"),
  minAvailableClients: z
    .int()
    .positive()
    .default(2)
    .describe("a round starts once so many clients are there"),
  overSelection: z
    .number()
    .min(1)
    .max(10)
    .default(1)
    .describe("cohort = target x overSelection; the round closes at the target"),
  roundTimeoutMs: z
    .int()
    .positive()
    .max(7 * 86_400_000)
    .default(3_600_000)
    .describe("a round is closed after this with the updates that are there"),
  waitTimeoutMs: z
    .int()
    .positive()
    .max(30 * 86_400_000)
    .default(600_000)
    .describe("longest wait for minAvailableClients"),
  reconnectGraceMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(10_000)
    .describe("a client that leaves counts as gone after this"),
  restartGraceMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe("after a restart of the coordinator its clients have this long to come back"),
  uploadGraceMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe("an upload that is under way at the deadline has this long to finish"),
  maxAttempts: z
    .int()
    .positive()
    .max(1000)
    .default(3)
    .describe("attempts per round before the run fails"),
  mode: z
    .enum(["synchronous", "buffered"])
    .default("synchronous")
    .describe(
      "synchronous: a round waits for its cohort; buffered: clients always have an order, a round closes when its buffer is full",
    ),
  buffer: bufferSchema.prefault({}),
  lateUpdates: z
    .enum(["drop", "next-round"])
    .default("drop")
    .describe(
      "of a client that finishes after its round has closed: drop it, or count it in the round after, weighed by the buffer's discount",
    ),
  weightedBy: z
    .enum(["examples", "uniform"])
    .default("examples")
    .describe("an update's weight in the mean"),
});

/** Resolved round policy. */
export type RoundPolicy = z.output<typeof roundsSchema>;
