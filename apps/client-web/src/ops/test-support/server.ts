/** What a server tells of itself, made of the real registries: the form of the tests is the form of the product. */
import type { OutputOf } from "@fedtune/api";
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, describePlan, runConfigSchema } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { z } from "zod";
import type { JsonObject } from "../new-run/form/json.ts";
import { shapeOf } from "../new-run/form/shape.ts";

const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };
const options = { io: "input", unrepresentable: "any" } as const;

const configSchema = { ...z.toJSONSchema(runConfigSchema(registries), options) };

/** The shape of run configs. */
export const configShape = shapeOf(configSchema);

/** The config of the pictures. */
export const triage: JsonObject = {
  name: "message-triage",
  model: "all-MiniLM-L6-v2",
  task: {
    kind: "sequence-classification",
    labels: [
      ...["appointment", "billing", "complaint", "emergency", "feedback", "insurance"],
      ...["other", "prescription", "referral", "results", "technical", "vaccination"],
    ],
  },
  adapter: { rank: 8, loraAlpha: 16, targetModules: ["query", "value"] },
  method: { name: "fedsa-lora" },
  training: { learningRate: 0.0005, batchSize: 32 },
  rounds: {
    ...{ numRounds: 40, fractionFit: 0.5, minFitClients: 12, minAvailableClients: 12 },
    ...{ roundTimeoutMs: 600_000, waitTimeoutMs: 3_600_000 },
  },
  privacy: {
    ...{ mode: "record-level", targetEpsilon: null, noiseMultiplier: 1.04, delta: 1e-5 },
    ...{ clipNorm: 1, samplingRate: 0.0174, budget: { epsilon: 3 } },
  },
};

const quick: JsonObject = {
  name: "quick-demo",
  task: { kind: "sequence-classification", labels: ["calls", "lights", "music", "weather"] },
  method: { name: "fedsa-lora" },
  rounds: { numRounds: 5, minAvailableClients: 2, minFitClients: 2 },
};

/** The facts of a server. */
export const serverFacts: OutputOf<"getServer"> = {
  version: "0.1.0",
  methods: methods.map((method) => {
    const { name, summary, paper, claims, config } = method;
    const { trains, uploads, keeps, sparse } = describePlan(method);
    return {
      ...{ name, title: name, summary, paper: { ...paper }, claims: { ...claims } },
      ...{ trains, uploads, keeps, isSparse: sparse, kinds: adapterKinds.map((kind) => kind.name) },
      configSchema: { ...z.toJSONSchema(config, options) },
    };
  }),
  kinds: adapterKinds.map(({ name, paper, inits }) => ({
    ...{ name, title: name, summary: paper.title, inits: [...inits] },
    methods: methods.map((method) => method.name),
  })),
  presets: [
    {
      ...{ name: "fedsa-lora-dp", title: "fedsa-lora with DP", config: triage },
      summary: "Each device adds the noise itself: epsilon 3 for every row.",
    },
    {
      ...{ name: "quick-demo", title: "Quick demo", config: quick },
      summary: "Household requests, personal B: clients send half of their factors.",
    },
  ],
  configSchema,
};
