import { describe, expect, it } from "vitest";
import type { Trainer } from "@fedtune/core";
import { toyLayout, toyTrainer } from "@fedtune/testkit";
import { simulate } from "./simulate.ts";
import { config, options } from "./test-support/toy-run.ts";

const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

/** The toy at any rank: a trainer that goes by the job's. */
const anyRank: Trainer = {
  ...toyTrainer(toyLayout()),
  train: (job, control) => toyTrainer(toyLayout(job.rank)).train(job, control),
};
const several = options({
  trainer: anyRank,
  describe: ({ adapter }) => ({ layout: toyLayout(adapter.rank), modules }),
  verify: true,
});

describe("rank tiers in a run", () => {
  it.each(["flexlora", "flora"])(
    "[RE18] %s brings clients of ranks 1 to 3 together",
    async (name) => {
      const adapter = { rank: 3, clientRanks: [1, 2, 3, 1] };
      const { history, end, ...result } = await simulate(
        { ...config, adapter, method: { name } },
        several,
      );
      expect(end).toEqual({ status: "completed", failure: null });
      for (const row of history.rounds) {
        expect(row.accepted).toEqual([0, 1, 2, 3]);
        expect(row.adapters.map(({ rank }) => rank)).toEqual([1, 2, 3]);
      }
      expect(result.adapter).toHaveLength(toyLayout(3).size);
      const [first] = history.rounds;
      expect(history.rounds.at(-1)?.training["loss"]).toBeLessThan(first?.training["loss"] ?? 0);
      // Each client uploads its own rank's values.
      const sizes = [1, 2, 3, 1].map((rank) => 48 + 4 * toyLayout(rank).size);
      expect(first?.traffic.bytesUp).toBe(sizes.reduce((sum, size) => sum + size, 0));
    },
  );

  it("[CF3] refuses different ranks where the method cannot combine them, and a rank that no client has", async () => {
    const ranks = { rank: 3, clientRanks: [1, 3] };
    await expect(simulate({ ...config, adapter: ranks }, several)).rejects.toThrow(
      /adapter.clientRanks.*one rank for all with method fedavg/,
    );
    const method = { name: "flexlora" };
    await expect(
      simulate({ ...config, method, adapter: { rank: 8, clientRanks: [1, 3] } }, several),
    ).rejects.toThrow(/adapter.rank.*largest of adapter.clientRanks \(3\)/);
  });
});

describe("the aggregation error of a run", () => {
  const errors = async (method: string, evaluation = {}) => {
    const { history } = await simulate(
      { ...config, method: { name: method }, evaluation },
      options(),
    );
    return history.rounds.map(({ aggregationError }) => aggregationError);
  };

  it("[RE16] is positive for fedavg, and the same in every run of one seed", async () => {
    const rows = await errors("fedavg");
    for (const { total, modules: each } of rows) {
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThan(1);
      expect(Object.keys(each)).toEqual(["a", "b"]);
    }
    expect(await errors("fedavg")).toEqual(rows);
  });

  it("[RE16] is zero for an exact method, and nothing with a reason where B stays or it is switched off", async () => {
    expect((await errors("ffa-lora"))[0]).toMatchObject({ total: 0, reason: null });
    expect((await errors("fedsa-lora"))[0]).toMatchObject({
      total: null,
      reason: expect.stringContaining("up stay") as string,
    });
    expect((await errors("fedavg", { aggregationError: false }))[0]).toMatchObject({
      total: null,
      reason: expect.stringContaining("off") as string,
    });
  });
});

describe("a round whose updates cannot be aggregated", () => {
  /** Clients that say they have no examples: their updates weigh nothing. */
  const idle = (without: readonly number[]): Trainer => {
    const toy = toyTrainer(toyLayout());
    return {
      ...toy,
      async train(job, control) {
        const result = await toy.train(job, control);
        return without.includes(result.examples - 10) ? { ...result, examples: 0 } : result;
      },
    };
  };

  it("[RE17] is attempted again and then ends the run with the method's code; the adapter is as before", async () => {
    const abandoned: string[] = [];
    const { end, history, adapter } = await simulate(
      config,
      options({
        trainer: idle([0, 1, 2, 3]),
        listener: {
          attemptAbandoned: ({ attempt, code }) => abandoned.push(`${attempt} ${code}`),
        },
      }),
    );
    expect(abandoned).toEqual(["1 zero-weight", "2 zero-weight", "3 zero-weight"]);
    expect(end).toMatchObject({ status: "failed", failure: { code: "zero-weight" } });
    expect(history.rounds).toEqual([]);
    const { adapter: first } = await simulate(
      { ...config, rounds: { ...config.rounds, minFitClients: 4, maxAttempts: 1 } },
      options({ trainer: idle([0, 1, 2, 3]) }),
    );
    expect(adapter).toEqual(first);
  });

  it("[RE17] a client without examples harms nobody", async () => {
    const { end, history } = await simulate(config, options({ trainer: idle([2]) }));
    expect(end.status).toBe("completed");
    expect(history.rounds).toHaveLength(4);
  });
});
