import type { Preset } from "./preset.ts";

/**
 * RoLoRA (Chen et al., arXiv 2409.02346) with many clients: RoBERTa-large, 50 clients, rank 4, 20 local epochs of
 * batch 32, 500 rounds.
 *
 * Optimiser, learning rate and alpha could not be found in a source: the platform's defaults stand.
 */
export const rolora: Preset = {
  name: "rolora",
  summary: "50 clients, rank 4, 20 local epochs",
  source: "arXiv 2409.02346, experiments with 50 clients",
  config: {
    method: { name: "rolora" },
    adapter: { kind: "lora", rank: 4, targetModules: ["query", "value"] },
    training: { localEpochs: 20, batchSize: 32 },
    rounds: { numRounds: 500 },
    simulation: { clients: 50, partition: { scheme: "iid" } },
  },
};
