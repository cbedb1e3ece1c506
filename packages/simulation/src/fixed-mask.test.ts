import { methods } from "@fedtune/aggregators";
import { adapterKinds, keptCount, selectRoles } from "@fedtune/core";
import type { FactorRole, Sparsify, Trainer } from "@fedtune/core";
import { nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

const layout = toyLayout();
const numClients = 3;
const ranked: readonly FactorRole[] = ["down", "up"];
const sparsify: Sparsify = {
  density: 0.5,
  mask: "role",
  dense: [],
  errorFeedbackRounds: 0,
  freezeZeros: true,
};

/** Where an adapter is not zero, among the ranked values. */
const support = (values: Float32Array): number[] =>
  layout.factors
    .filter(({ role }) => ranked.includes(role))
    .flatMap(({ offset, size }) => Array.from({ length: size }, (_, i) => offset + i))
    .filter((at) => values[at] !== 0);

/** By round what clients started from and what they made of it. */
async function pruningRun(options: object) {
  const tasks = new Map<
    number,
    { readonly start: Float32Array; readonly trained: Float32Array }[]
  >();
  const honest = toyTrainer(layout);
  const trainer: Trainer = {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      const task = { start: job.start.slice(), trained: result.factors.slice() };
      tasks.set(job.round, [...(tasks.get(job.round) ?? []), task]);
      return result;
    },
  };
  const { adapter, end } = await simulate(
    {
      name: "pruning",
      task: { kind: "sequence-classification", labels: ["no", "yes"] },
      adapter: { rank: 2 },
      method: { name: "cellm", densityDown: 0.5, densityUp: 0.5, fixedMask: true, ...options },
      training: { learningRate: 0.2 },
      rounds: { numRounds: 4, minAvailableClients: numClients, minFitClients: numClients },
    },
    {
      registries: { methods, kinds: adapterKinds },
      describe: () => ({
        layout,
        modules: [
          { name: "a", in: 6, out: 5 },
          { name: "b", in: 4, out: 3 },
        ],
      }),
      clients: Array.from({ length: numClients }, (_, k) => ({
        name: `client-${String(k)}`,
        data: toyData(k, 10),
      })),
      trainer,
      evaluate: null,
      hash: nodeHash,
      settle: () => new Promise((resolve) => setImmediate(resolve)),
    },
  );
  expect(end.status).toBe("completed");
  return { tasks, adapter };
}

describe.each([
  { densityUp: 0.5, serverOptimizer: { name: "sgd", learningRate: 1 } },
  { densityUp: 0.5, serverOptimizer: { name: "adamw" } },
  { densityUp: 1, serverOptimizer: { name: "sgd", learningRate: 1 } },
])("a mask that stays, with $serverOptimizer.name at the server and $densityUp sent", (options) => {
  it("is that of the first, dense round: nothing else is trained, sent or kept", async () => {
    const { tasks, adapter } = await pruningRun(options);
    const first = tasks.get(1)?.[0];
    expect(support(first!.trained).length).toBe(selectRoles(layout, ranked).size);
    const mask = support(tasks.get(2)![0]!.start);
    expect(mask).toHaveLength(keptCount(selectRoles(layout, ranked), sparsify));
    for (const round of [2, 3, 4]) {
      for (const { start, trained } of tasks.get(round) ?? []) {
        expect(support(start)).toEqual(mask);
        expect(support(trained)).toEqual(mask);
        expect(mask.every((at) => start[at] !== trained[at])).toBe(true);
      }
    }
    expect(support(adapter)).toEqual(mask);
  });
});

it("prunes more after every round where the density decays", async () => {
  const { tasks } = await pruningRun({ densityDecay: 0.7, minDensity: 0.1 });
  const masks = [2, 3, 4].map((round) => support(tasks.get(round)![0]!.start));
  masks.reduce((wider, narrower) => {
    expect(narrower.length).toBeLessThan(wider.length);
    expect(narrower.every((at) => wider.includes(at))).toBe(true);
    return narrower;
  });
});
