/** Run configs to begin with; each is one that this server takes. */
import type { OutputOf } from "@fedtune/api";
import { runConfigSchema } from "@fedtune/core";
import type { Registries } from "@fedtune/core";

/** A preset as the API tells it. */
export type Preset = OutputOf<"getServer">["presets"][number];

/** The labels of the built-in set of household requests. */
const household = [
  ...["calls", "cleaning", "door_lock", "heating", "lights", "music", "recipes"],
  ...["shopping_list", "timer", "weather"],
];

const base = {
  model: "fedtune-mini",
  task: { kind: "sequence-classification", labels: household },
  adapter: { rank: 8, loraAlpha: 16, targetModules: ["all-linear"] },
  training: { localEpochs: 1, batchSize: 16, learningRate: 3e-3, maxLength: 48 },
  evaluation: { metric: "accuracy" },
};

/** DP-SGD learns in large, noisy steps: settings of docs/results/sst2-privacy.md. */
const privateTraining = {
  ...{ optimizer: { name: "sgd" }, learningRate: 1, batchSize: 64, maxLength: 48, maxSteps: 2 },
};

const presets: readonly Preset[] = [
  {
    name: "quick-demo",
    title: "Quick demo",
    summary: "Household requests, personal B: clients send half of their factors. Minutes.",
    config: {
      ...base,
      name: "quick-demo",
      method: { name: "fedsa-lora" },
      rounds: { numRounds: 5, minAvailableClients: 2, minFitClients: 2 },
    },
  },
  {
    name: "private-examples",
    title: "Private, every example",
    summary: "Each device adds the noise itself: epsilon 3 for every example, over 20 rounds.",
    config: {
      ...base,
      name: "private-examples",
      method: { name: "ffa-lora" },
      training: privateTraining,
      rounds: {
        ...{ numRounds: 20, minAvailableClients: 6, minFitClients: 5, weightedBy: "uniform" },
      },
      privacy: { mode: "record-level", targetEpsilon: 3, delta: 1e-5, samplingRate: 0.02 },
    },
  },
  {
    name: "fedsvd-private",
    title: "Private, refactorised",
    summary: "FedSVD under the same noise: A is taken anew from the model, where noise is smaller.",
    config: {
      ...base,
      name: "fedsvd-private",
      method: { name: "fedsvd" },
      training: privateTraining,
      rounds: {
        ...{ numRounds: 20, minAvailableClients: 6, minFitClients: 5, weightedBy: "uniform" },
      },
      privacy: { mode: "record-level", targetEpsilon: 6, delta: 1e-5, samplingRate: 0.02 },
    },
  },
  {
    name: "low-bandwidth",
    title: "Low bandwidth",
    summary: "The largest sixteenth of adapter and change travels, at half precision.",
    config: {
      ...base,
      name: "low-bandwidth",
      method: { name: "cellm", densityDown: 1 / 16, densityUp: 1 / 16, errorFeedbackRounds: 10 },
      update: { codec: "f16" },
      rounds: { numRounds: 20, minAvailableClients: 4, minFitClients: 3 },
    },
  },
  {
    name: "many-devices",
    title: "Many devices, none waited for",
    summary: "Buffered rounds: devices come and go, ten updates make a round.",
    config: {
      ...base,
      name: "many-devices",
      method: { name: "fedavg" },
      evaluation: { metric: "accuracy", where: "central" },
      rounds: {
        ...{ numRounds: 50, mode: "buffered", minAvailableClients: 10, minFitClients: 5 },
        buffer: { size: 10, maxStaleness: 10 },
      },
    },
  },
];

/** People who are invited by a link come in days, not in minutes. */
const WAIT_MS = 14 * 86_400_000;

/** Those presets whose method, kind and privacy these registries have. */
export function presetsOf(registries: Registries): readonly Preset[] {
  const schema = runConfigSchema(registries);
  return presets
    .map((preset): Preset => {
      const { rounds, ...config } = preset.config as { readonly rounds?: object };
      return { ...preset, config: { ...config, rounds: { waitTimeoutMs: WAIT_MS, ...rounds } } };
    })
    .filter(({ config }) => schema.safeParse(config).success);
}
