import type { Preset } from "./preset.ts";

/**
 * FedSA-LoRA (Guo et al., arXiv 2410.01463) on GLUE, as in its released code's `glue/yamls/fedsa-lora.yaml`:
 * RoBERTa-large, 3 clients, Dirichlet 0.5 over labels, rank 8, alpha 16, plain SGD at 2e-2, 10 batches of 128 a round,
 * 1000 rounds.
 *
 * Not taken over: dropout 0.05 and half precision. An update's weight in that code is the number of samples seen in the
 * round, which is the same for all clients: uniform here.
 */
export const fedsaLora: Preset = {
  name: "fedsa-lora",
  summary: "3 clients with skewed labels, SGD, 10 batches of 128 a round",
  source: "arXiv 2410.01463, released code for GLUE",
  config: {
    method: { name: "fedsa-lora" },
    adapter: { kind: "lora", rank: 8, loraAlpha: 16, targetModules: ["query", "value"] },
    training: {
      localEpochs: 10,
      maxSteps: 10,
      batchSize: 128,
      maxLength: 128,
      learningRate: 2e-2,
      optimizer: { name: "sgd", momentum: 0, weightDecay: 0 },
    },
    rounds: { numRounds: 1000, weightedBy: "uniform" },
    simulation: { clients: 3, partition: { scheme: "dirichlet-by-class", alpha: 0.5 } },
  },
};
