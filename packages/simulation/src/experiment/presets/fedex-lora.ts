import type { Preset } from "./preset.ts";

/**
 * FedEx-LoRA (Singhal et al., arXiv 2410.09432) on GLUE: RoBERTa-base, 3 clients with a random split, query and value,
 * rank 4, AdamW, 3 local epochs, 50 rounds, uniform weights.
 *
 * Learning rate, batch and alpha could not be found in a source: the platform's defaults stand.
 */
export const fedexLora: Preset = {
  name: "fedex-lora",
  summary: "3 alike clients, AdamW, 3 local epochs",
  source: "arXiv 2410.09432, experiments with RoBERTa-base",
  config: {
    method: { name: "fedex-lora" },
    adapter: { kind: "lora", rank: 4, targetModules: ["query", "value"] },
    training: { localEpochs: 3, optimizer: { name: "adamw" } },
    rounds: { numRounds: 50, weightedBy: "uniform" },
    simulation: { clients: 3, partition: { scheme: "iid" } },
  },
};
