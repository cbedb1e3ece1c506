/** The `privacy` part of a run's config, in the words of Opacus and Flower. */
import { z } from "zod";
import { neighbouringRelations } from "./events.ts";

/** Shared by both private modes. */
const common = {
  clipNorm: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe("L2 norm that one unit's contribution is clipped to; Opacus' max_grad_norm"),
  noiseMultiplier: z
    .number()
    .positive()
    .max(1e6)
    .nullable()
    .default(null)
    .describe("deviation of the noise / clipNorm; null: found from targetEpsilon"),
  targetEpsilon: z
    .number()
    .positive()
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      "epsilon of the whole run, for which the noise is found; null: noiseMultiplier is given",
    ),
  delta: z
    .number()
    .positive()
    .max(0.01)
    .default(1e-5)
    .describe("probability that the guarantee fails; below 1 / (number of units)"),
  relation: z
    .enum(neighbouringRelations)
    .default("add-or-remove-one")
    .describe("what two neighbouring data sets differ in"),
  accountant: z
    .enum(["prv", "rdp"])
    .default("prv")
    .describe("prv: tight, for runs carried out as planned; rdp: also for runs that adapt"),
  adaptiveClipping: z
    .strictObject({
      targetClippedQuantile: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe("share of the norms that is not clipped"),
      clipNormLr: z
        .number()
        .positive()
        .max(10)
        .default(0.2)
        .describe("learning rate of the geometric update of clipNorm"),
      clippedCountStddev: z
        .number()
        .positive()
        .nullable()
        .default(null)
        .describe("deviation of the noise on the count; null: a twentieth of the expected units"),
    })
    .nullable()
    .default(null)
    .describe("clipNorm follows a quantile of the norms; null: it stays"),
  budget: z
    .strictObject({ epsilon: z.number().positive().describe("over all runs, at the same delta") })
    .nullable()
    .default(null)
    .describe("a data holder takes part only while its ledger stays below; null: unlimited"),
  metrics: z
    .enum(["withhold", "release"])
    .default("withhold")
    .describe(
      "release: loss and counts leave the data holder as they are, outside of the guarantee",
    ),
  noise: z
    .enum(["secure", "seeded"])
    .default("secure")
    .describe("seeded: repeatable, for simulations; protects nobody"),
  hardened: z
    .boolean()
    .default(false)
    .describe("integer grid and discrete Gaussian: no floating-point attack, slower"),
};

/** Nothing is clipped, nothing is added. */
const none = z.strictObject({
  mode: z.literal("none").describe("nothing is added to updates"),
});

/** DP-SGD on the client: one example is protected, from the coordinator as well. */
const recordLevel = z.strictObject({
  mode: z.literal("record-level").describe("DP-SGD on each client: protects each example"),
  ...common,
  samplingRate: z
    .number()
    .positive()
    .max(1)
    .describe(
      "probability with which an example enters a step; the sum is divided by training.batchSize",
    ),
  grouping: z
    .enum(["flat", "per-role"])
    .default("flat")
    .describe("flat: one norm over all values; per-role: one for all A, one for all B"),
});

/** DP-FedAvg: everything of one client is protected, from whoever sees the models. */
const userLevel = z.strictObject({
  mode: z.literal("user-level").describe("clipped, noisy updates: protects each client"),
  ...common,
  noiseBy: z
    .enum(["coordinator", "clients"])
    .default("coordinator")
    .describe("clients: each clips its own update and adds a share of the noise"),
  noiseShares: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe(
      "with noiseBy clients: the shares of so many make up the whole noise; null: rounds.minFitClients",
    ),
  mechanism: z
    .enum(["gaussian", "tree"])
    .default("gaussian")
    .describe("tree: DP-FTRL, for clients that come and go as they please"),
  expectedCohort: z
    .int()
    .positive()
    .max(1_000_000)
    .describe("clients expected per round: the fixed divisor of the sum of updates"),
});

/** The schema of a run's `privacy` settings; without any: mode none. */
export const privacySchema = z
  .discriminatedUnion("mode", [none, recordLevel, userLevel])
  .prefault({ mode: "none" });

/** Resolved privacy settings. */
export type PrivacySettings = z.output<typeof privacySchema>;
/** DP-SGD on the client. */
export type RecordLevelPrivacy = Extract<PrivacySettings, { mode: "record-level" }>;
/** DP-FedAvg. */
export type UserLevelPrivacy = Extract<PrivacySettings, { mode: "user-level" }>;
