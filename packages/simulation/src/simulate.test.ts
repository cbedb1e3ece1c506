import { methods } from "@fedtune/aggregators";
import { adapterKinds, memoryBlobs, rngFromSeed, selectRoles } from "@fedtune/core";
import type {
  Blobs,
  EvaluatedModel,
  Method,
  Passage,
  RoundRow,
  RoundState,
  Trainer,
} from "@fedtune/core";
import {
  expectSameBits,
  nodeHash,
  toyData,
  toyLayout,
  toyPoint,
  toyTrainer,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import type { SimulationOptions } from "./simulate.ts";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];
const clients = [0, 1, 2, 3].map((k) => ({ name: `client-${k}`, data: toyData(k, 10 + k) }));

const config = {
  name: "toy",
  task: { kind: "sequence-classification", labels: ["no", "yes"] },
  adapter: { rank: 2 },
  training: { learningRate: 0.2 },
  rounds: { numRounds: 4, minAvailableClients: 4 },
};

function options(overrides: Partial<SimulationOptions> = {}): SimulationOptions {
  return {
    registries: { methods, kinds: adapterKinds },
    describe: () => Promise.resolve({ layout, modules }),
    clients,
    trainer: toyTrainer(layout),
    evaluate: null,
    hash: nodeHash,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    ...overrides,
  };
}

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

describe("a simulated run", () => {
  it.each(methods as readonly Method[])(
    "[RE11] $name: runs its rounds, and means lead towards the clients' points",
    async ({ name, claims }) => {
      const points = clients.map((_, k) => toyPoint(layout, k));
      let adapter = (): Float32Array => new Float32Array(layout.size);
      const distances: number[] = [];
      const measure = (): void => {
        const values = adapter();
        const ways = points.flatMap((point) => [
          ...point.map((value, i) => value - (values[i] ?? 0)),
        ]);
        distances.push(Math.hypot(...ways));
      };
      const { end } = await simulate(
        { ...config, method: { name } },
        options({
          verify: true,
          listener: { roundCommitted: measure },
          prepare({ coordinator }) {
            adapter = () => coordinator.adapter();
            measure();
          },
        }),
      );
      expect(end).toEqual({ status: "completed", failure: null });
      expect(distances).toHaveLength(5);
      // The points lie in the space of factors: a method that turns or restarts factors leaves them aside.
      if (!claims.linear) return;
      distances.slice(1).forEach((distance, i) => {
        expect(distance).toBeLessThan(distances[i] ?? 0);
      });
    },
  );

  it("[RE14] fedavg reaches the weighted mean of the clients' points; metrics are merged by examples", async () => {
    const rounds = { ...config.rounds, numRounds: 60 };
    const { adapter, history } = await simulate({ ...config, rounds }, options());
    const total = clients.reduce((sum, _, k) => sum + 10 + k, 0);
    const mean = new Float64Array(layout.size);
    clients.forEach((_, k) => {
      toyPoint(layout, k).forEach(
        (value, i) => (mean[i] = (mean[i] ?? 0) + ((10 + k) / total) * value),
      );
    });
    adapter.forEach((value, i) => {
      expect(value).toBeCloseTo(mean[i] ?? NaN, 4);
    });
    expect(history.rounds[0]?.training).toMatchObject({ examples: total, steps: 4 });
  });

  it("[RE2] [RE13] the same config and seed give the same bits, another seed others", async () => {
    const [one, two] = await Promise.all([
      simulate(config, options()),
      simulate(config, options({ verify: true })),
    ]);
    expectSameBits(one.adapter, two.adapter);
    const other = await simulate({ ...config, seed: 1 }, options());
    expect(other.adapter).not.toEqual(one.adapter);
  });

  it("[RE15] reported bytes are the bytes of the blobs that travelled", async () => {
    const { history } = await simulate(config, options());
    const blob = 48 + 4 * selectRoles(layout, ["down", "up", "head"]).size;
    history.rounds.forEach((row, k) => {
      expect(row.traffic.bytesUp).toBe(4 * blob);
      expect(row.traffic.bytesDown).toBe(k === 0 ? 0 : 4 * blob);
      expect(row.traffic.controlBytesUp).toBeGreaterThan(0);
    });
  });

  it.each(["f16", "int8"])(
    "[AD6] uploads in %s travel with fewer bytes and still converge",
    async (codec) => {
      const full = await simulate(config, options());
      const { history } = await simulate({ ...config, update: { codec } }, options());
      expect(history.rounds[0]?.traffic.bytesUp).toBeLessThan(
        full.history.rounds[0]?.traffic.bytesUp ?? 0,
      );
      expect(history.rounds[3]?.training["loss"]).toBeLessThan(
        history.rounds[0]?.training["loss"] ?? 0,
      );
    },
  );

  it("[RE2] fractionFit draws smaller cohorts from the seed", async () => {
    const rounds = { ...config.rounds, fractionFit: 0.5 };
    const { history } = await simulate({ ...config, rounds }, options());
    for (const row of history.rounds) expect(row.accepted).toHaveLength(2);
    expect(new Set(accepted(history.rounds).map(String)).size).toBeGreaterThan(1);
  });

  it("[RE2] a poisson round that draws nobody counts and changes nothing", async () => {
    const rounds = { ...config.rounds, numRounds: 12, sampling: "poisson", fractionFit: 0.2 };
    const run = { ...config, rounds: { ...rounds, minFitClients: 1 } };
    const { end, history } = await simulate(run, options({ verify: true }));
    expect(end.status).toBe("completed");
    const empty = history.rounds.filter((row) => row.accepted.length === 0);
    expect(empty.length).toBeGreaterThan(0);
    for (const { round, adapters } of empty) {
      const before = history.rounds.find((row) => row.round === round - 1);
      if (before !== undefined) expect(adapters).toEqual(before.adapters);
    }
  });

  it("[RE14] a model that clients hold a part of is not evaluated centrally", async () => {
    const evaluate = () => Promise.reject(new Error("asked"));
    const { end, history, personal } = await simulate(
      { ...config, method: { name: "fedsa-lora" } },
      options({ evaluate }),
    );
    expect(end.status).toBe("completed");
    expect(personal).toEqual(["up", "head"]);
    expect(history.evaluations).toEqual([]);
  });

  it("[RE14] a method that changes the base is evaluated with its changes", async () => {
    const seen: number[] = [];
    const evaluate = ({ residuals }: EvaluatedModel) => {
      seen.push(residuals.length);
      return Promise.resolve({});
    };
    const { residuals } = await simulate(
      { ...config, method: { name: "fedex-lora" } },
      options({ evaluate, verify: true }),
    );
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(residuals).toHaveLength(4);
  });

  it("[CL4] a client that sat out rounds fetches the newest adapter when it is drawn again", async () => {
    const rounds = { ...config.rounds, numRounds: 8, fractionFit: 0.25, minFitClients: 1 };
    const { end } = await simulate({ ...config, rounds }, options({ verify: true }));
    expect(end.status).toBe("completed");
  });

  it("[RE14] central evaluation covers the first adapter and every round", async () => {
    const seen: number[] = [];
    const evaluate = ({ adapter, round }: EvaluatedModel) => {
      seen.push(round);
      return Promise.resolve({ norm: Math.hypot(...adapter) });
    };
    const { history } = await simulate(config, options({ evaluate }));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(history.evaluations).toHaveLength(5);
  });
});

describe("what a run keeps", () => {
  it("[SI1] a simulation that keeps the latest round holds no more blobs after 50 rounds than after 2", async () => {
    const kept = new Map<string, number>();
    const memory = memoryBlobs();
    const blobs: Blobs = {
      ...memory,
      put: (bytes, hash) => (kept.set(hash, bytes.length), memory.put(bytes, hash)),
      delete: (hash) => (kept.delete(hash), memory.delete(hash)),
    };
    const counts: number[] = [];
    const rounds = { ...config.rounds, numRounds: 50, fractionFit: 0.5, overSelection: 1.5 };
    const listener = {
      stateChanged: ({ phase }: RoundState) =>
        phase === "waiting" ? counts.push(kept.size) : undefined,
    };
    await simulate({ ...config, rounds }, options({ blobs, listener }));
    expect(Math.max(...counts)).toBeLessThan(20);
    expect(kept.size).toBeLessThan(10);
  });
});

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
