import { z } from "zod";

const speed = z.number().positive().max(1e9).nullable();
const sigma = z.number().min(0).max(5);
const latency = z.number().min(0).max(3_600_000);
const probability = z.number().min(0).max(1);
const seconds = z.number().positive().max(1e9);

/** What a class of devices says for itself; the rest is as for all devices. */
const classSchema = z.strictObject({
  name: z.string().min(1).max(64),
  share: z.number().positive().max(1e6),
  examplesPerSecond: speed.optional(),
  speedSigma: sigma.optional(),
  uploadMbps: speed.optional(),
  downloadMbps: speed.optional(),
  bandwidthSigma: sigma.optional(),
  latencyMs: latency.optional(),
  latencySigma: sigma.optional(),
});

const availabilitySchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("always") }),
    z.strictObject({
      kind: z.literal("bernoulli"),
      probability: z.number().positive().max(1).describe("of being there, in each interval anew"),
      intervalSeconds: seconds.default(600).describe("length of an interval"),
    }),
    z.strictObject({
      kind: z.literal("markov"),
      meanOnSeconds: seconds.describe("mean of the exponential time that a client stays"),
      meanOffSeconds: seconds.describe("mean of the exponential time that it stays away"),
    }),
    z.strictObject({
      kind: z.literal("diurnal"),
      shareOn: z.number().positive().max(1).describe("of every period that a client is there"),
      periodSeconds: seconds.default(86_400).describe("length of a day"),
      peakSeconds: z
        .number()
        .min(0)
        .default(0)
        .describe("time of day about which the clients' hours lie"),
      spreadSeconds: z
        .number()
        .min(0)
        .default(10_800)
        .describe("deviation of a client's hours from the peak"),
    }),
    z.strictObject({
      kind: z.literal("trace"),
      path: z
        .string()
        .min(1)
        .describe("CSV, TSV or JSONL file with client, from and to, in seconds of the run"),
    }),
  ])
  .prefault({ kind: "always" });

/** Devices of a simulation: how fast they are, when they are there, and how they fail. */
export const devicesSchema = z.strictObject({
  examplesPerSecond: speed
    .default(null)
    .describe("median training speed; null: training takes no time"),
  speedSigma: sigma
    .default(0)
    .describe("deviation of the logarithm of the clients' speeds; 0: all alike"),
  uploadMbps: speed
    .default(null)
    .describe("median bandwidth to the coordinator in million bits a second; null: no limit"),
  downloadMbps: speed.default(null).describe("median bandwidth from the coordinator"),
  bandwidthSigma: sigma
    .default(0)
    .describe("deviation of the logarithm of the clients' bandwidths"),
  latencyMs: latency.default(0).describe("median delay of every message and blob, one way"),
  latencySigma: sigma.default(0).describe("deviation of the logarithm of the clients' delays"),
  classes: z
    .array(classSchema)
    .max(100)
    .refine(
      (classes) => new Set(classes.map(({ name }) => name)).size === classes.length,
      "names must be distinct",
    )
    .default([])
    .describe(
      "kinds of devices, each with `name`, `share` of the clients and any of the fields above; a client's class is drawn by the shares",
    ),
  availability: availabilitySchema,
  dropouts: z
    .strictObject({
      training: probability
        .default(0)
        .describe("that a client leaves during a training; its work is lost"),
      uploading: probability.default(0).describe("that a client leaves during an upload"),
      secondsAway: seconds.default(60).describe("until such a client is back"),
    })
    .prefault({}),
  stragglers: z
    .strictObject({
      probability: probability.default(0).describe("that a training is slow"),
      slowdown: z
        .number()
        .min(1)
        .max(1e6)
        .default(10)
        .describe("how much longer a slow training takes"),
    })
    .prefault({}),
});

/** Parsed devices of a simulation. */
export type DevicesConfig = z.output<typeof devicesSchema>;
/** Parsed availability. */
export type AvailabilityConfig = DevicesConfig["availability"];
