/** A run without a base model, for tests of whole runs. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import { nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import type { SimulationOptions } from "../simulated-run.ts";

/** The toy's adapter. */
export const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];
/** Four clients that pull towards points of their own. */
export const clients = [0, 1, 2, 3].map((k) => ({ name: `client-${k}`, data: toyData(k, 10 + k) }));

/** A run of four rounds that waits for all of them. */
export const config = {
  name: "toy",
  task: { kind: "sequence-classification", labels: ["no", "yes"] },
  adapter: { rank: 2 },
  training: { learningRate: 0.2 },
  rounds: { numRounds: 4, minAvailableClients: 4 },
};

/** Everything that `simulate` needs for the toy. */
export function options(overrides: Partial<SimulationOptions> = {}): SimulationOptions {
  return {
    registries: { methods, combiners, kinds: adapterKinds },
    describe: () => ({ layout, modules }),
    clients,
    trainer: toyTrainer(layout),
    evaluate: null,
    hash: nodeHash,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    ...overrides,
  };
}
