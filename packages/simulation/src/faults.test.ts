import { rngFromSeed } from "@fedtune/core";
import type { Passage, RoundRow, Trainer } from "@fedtune/core";
import { expectSameBits, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { config, layout, options } from "./test-support/toy-run.ts";

/** The toy trainer with something done to one client's result. */
function meddled(
  index: number,
  change: (factors: Float32Array, round: number) => Float32Array,
): Trainer {
  const honest = toyTrainer(layout);
  return {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      return job.data["seed"] === index
        ? { ...result, factors: change(result.factors, job.round) }
        : result;
    },
  };
}

const accepted = (rows: readonly RoundRow[]): (readonly number[])[] =>
  rows.map((row) => row.accepted);

describe("faults that change nothing", () => {
  const undisturbed = simulate(config, options());

  it.each([1, 2, 3])(
    "[TR7] [RE13] lost, doubled, late and reordered messages (seed %i)",
    async (seed) => {
      const rng = rngFromSeed(seed);
      const fate = (_passage: Passage): number[] => {
        const dice = rng.uniform();
        if (dice < 0.15) return [];
        if (dice < 0.3) return [Math.floor(rng.uniform() * 4000), Math.floor(rng.uniform() * 9000)];
        return [Math.floor(rng.uniform() * 2000)];
      };
      const { end, adapter } = await simulate(config, options({ fate, verify: true }));
      expect(end.status).toBe("completed");
      expectSameBits(adapter, (await undisturbed).adapter);
    },
  );

  it("[TR7] connections cut in the middle of rounds", async () => {
    const { end, adapter } = await simulate(
      config,
      options({
        fate: () => [300],
        prepare({ network, clock }) {
          for (let k = 1; k < 40; k++)
            clock.after(k * 370, () => {
              network.cut(`client-${k % 4}`);
            });
        },
      }),
    );
    expect(end.status).toBe("completed");
    expectSameBits(adapter, (await undisturbed).adapter);
  });
});

describe("faults that cost one client", () => {
  it("[RE8] NaN from one client: it declines, the others go on", async () => {
    const trainer = meddled(2, (factors, round) => (round === 2 ? factors.fill(NaN) : factors));
    const { end, history } = await simulate(config, options({ trainer }));
    expect(end.status).toBe("completed");
    expect(accepted(history.rounds)).toEqual([
      [0, 1, 2, 3],
      [0, 1, 3],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect(history.rounds[1]?.refusals).toEqual({ "not-finite": 1 });
  });

  it("[CL5] a failing trainer is reported and its client stays in the run", async () => {
    const honest = toyTrainer(layout);
    const trainer: Trainer = {
      ...honest,
      train: (job, control) =>
        job.round === 2 && job.data["seed"] === 0
          ? Promise.reject(new Error("out of memory"))
          : honest.train(job, control),
    };
    const { history } = await simulate(config, options({ trainer }));
    expect(history.rounds[1]).toMatchObject({ accepted: [1, 2, 3], declined: 1 });
    expect(history.rounds[2]?.accepted).toEqual([0, 1, 2, 3]);
  });

  it("[RE12] a client that leaves for good while it should train", async () => {
    const honest = toyTrainer(layout);
    let cut: (() => void) | null = null;
    const trainer: Trainer = {
      ...honest,
      train(job, control) {
        if (job.round === 2 && job.data["seed"] === 3) cut?.();
        return honest.train(job, control);
      },
    };
    const rounds = { ...config.rounds, minAvailableClients: 3 };
    const { end, history } = await simulate(
      { ...config, rounds },
      options({
        trainer,
        prepare: ({ network }) =>
          (cut = () => {
            network.cut("client-3", true);
          }),
      }),
    );
    expect(end.status).toBe("completed");
    expect(accepted(history.rounds).slice(1)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it("[RE5] too few clients left: the run fails with its reason instead of waiting for ever", async () => {
    const { end } = await simulate(
      config,
      options({
        fate: () => [100],
        prepare: ({ network, clock }) => {
          clock.after(350, () => {
            ["client-0", "client-1", "client-2"].forEach((name) => {
              network.cut(name, true);
            });
          });
        },
      }),
    );
    expect(end).toMatchObject({ status: "failed", failure: { code: "not-enough-clients" } });
  });
});
