import { keptCount, selectRoles } from "@fedtune/core";
import type { FactorRole, Sparsify } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { layout, recordedRun } from "./test-support/recorded-run.ts";

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
  const { tasks, adapter, end } = await recordedRun(
    {
      name: "pruning",
      method: { name: "cellm", densityDown: 0.5, densityUp: 0.5, fixedMask: true, ...options },
      rounds: { numRounds: 4, minAvailableClients: numClients, minFitClients: numClients },
    },
    numClients,
  );
  expect(end.status).toBe("completed");
  const byRound = [1, 2, 3, 4].map(
    (of) => [of, tasks.filter(({ round }) => round === of)] as const,
  );
  return { tasks: new Map(byRound), adapter };
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
