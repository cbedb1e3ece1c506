import { z } from "zod";

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
  weightedBy: z
    .enum(["examples", "uniform"])
    .default("examples")
    .describe("an update's weight in the mean"),
});

/** Resolved round policy. */
export type RoundPolicy = z.output<typeof roundsSchema>;
