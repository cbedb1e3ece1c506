import { methods } from "@fedtune/aggregators";
import { memoryBlobs, selectRoles } from "@fedtune/core";
import type { Blobs, EvaluatedModel, Method, RoundRow, RoundState } from "@fedtune/core";
import { expectSameBits, toyPoint } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { clients, config, layout, options } from "./test-support/toy-run.ts";

const accepted = (rows: readonly RoundRow[]): (readonly number[])[] =>
  rows.map((row) => row.accepted);

describe("a simulated run", () => {
  // The toy's layout is LoRA's.
  it.each((methods as readonly Method[]).filter(({ claims }) => claims.products.includes("BA")))(
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
    const clientsOf = history.evaluations.map(({ metrics }) => metrics["clients"]);
    expect(clientsOf).toEqual([4, 4, 4, 4, 4]);
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
