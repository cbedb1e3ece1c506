import type { Preset } from "./preset.ts";

/**
 * LoRA-FAIR (Bian et al., arXiv 2411.14961) with feature skew: ViT-B/16 on DomainNet, 6 clients with one domain each,
 * rank 16, SGD at 0.01, batch 128, lambda 0.01.
 *
 * The paper's number of rounds and local epochs could not be found in a source: 50 and 2 are an assumption, and so is
 * alpha 16. The column `domain` of the data names the clients.
 */
export const loraFair: Preset = {
  name: "lora-fair",
  summary: "a client for each domain, SGD at 0.01, rank 16",
  source: "arXiv 2411.14961, section on feature skew",
  config: {
    method: { name: "lora-fair" },
    adapter: { kind: "lora", rank: 16, loraAlpha: 16, targetModules: ["query", "value"] },
    training: {
      localEpochs: 2,
      batchSize: 128,
      learningRate: 0.01,
      optimizer: { name: "sgd", momentum: 0, weightDecay: 0 },
    },
    rounds: { numRounds: 50 },
    simulation: { partition: { scheme: "by-column", column: "domain" } },
  },
};
