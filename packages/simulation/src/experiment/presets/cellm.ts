import type { Preset } from "./preset.ts";

/**
 * FLASC (Kuo et al., arXiv 2406.05233), the procedure behind CELLM (arXiv 2407.20557), by the defaults of its released
 * code on 20 Newsgroups: GPT-2 small, 350 clients of which 10 take part in a round, a Dirichlet 0.1 vector over the
 * classes for each client, 200 rounds of one epoch, batch 16, SGD with momentum 0.9 at 5e-4, server AdamW at 5e-3,
 * rank 16, alpha 16, uniform weights, 128 tokens.
 *
 * Not taken over: dropout 0.1. The method has options here: a variant that compares another one sets `method` whole.
 */
export const cellm: Preset = {
  name: "cellm",
  summary: "10 of 350 clients a round, strongly skewed labels, sparse messages, server AdamW",
  source: "arXiv 2406.05233, defaults of the released code",
  config: {
    method: { name: "cellm", serverOptimizer: { name: "adamw", learningRate: 5e-3 } },
    adapter: { kind: "lora", rank: 16, loraAlpha: 16, targetModules: ["all-linear"] },
    training: {
      localEpochs: 1,
      batchSize: 16,
      maxLength: 128,
      learningRate: 5e-4,
      optimizer: { name: "sgd", momentum: 0.9, weightDecay: 0 },
    },
    rounds: { numRounds: 200, fractionFit: 10 / 350, weightedBy: "uniform" },
    simulation: { clients: 350, partition: { scheme: "dirichlet-by-client", alpha: 0.1 } },
  },
};
