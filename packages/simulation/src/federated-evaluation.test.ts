import { selectRoles } from "@fedtune/core";
import type { DataRef } from "@fedtune/core";
import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { clients, config as toy, layout, options } from "./test-support/toy-run.ts";
import { fateOf, own, run, watched } from "./test-support/watched-run.ts";

describe("federated evaluation", () => {
  it("[RE20] [RE14] each client measures the shared A with its own B and head; round 0 as it begins", async () => {
    const { end, trained, evaluations, rounds } = await run();
    expect(end.status).toBe("completed");
    expect(rounds).toEqual([0, 1, 2, 3, 4]);
    expect(evaluations).toHaveLength(5 * clients.length);
    evaluations.forEach(({ client, job }, at) => {
      const round = Math.floor(at / clients.length);
      const last = trained.find((task) => task.client === client && task.job.round === round);
      const next = trained.find((task) => task.client === client && task.job.round === round + 1);
      if (last !== undefined) expectSameBits(own(job.start), own(last.factors), "own factors");
      if (next !== undefined) expectSameBits(job.start, next.start, "what it goes on with");
    });
  });

  it("[RE20] [RE14] metrics are means weighted by the examples held out, with the worst client", async () => {
    const { evaluations, metrics } = await run();
    const last = evaluations.slice(-clients.length);
    const weights = clients.map((_, k) => Math.round(0.2 * (10 + k)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = (name: "loss" | "accuracy"): number =>
      last.reduce((sum, found) => sum + (weights[found.client] ?? 0) * found[name], 0) / total;
    const accuracies = last.map(({ accuracy }) => accuracy);
    const found = metrics.at(-1) ?? {};
    expect(found).toMatchObject({ clients: 4, examples: total });
    expect(found["accuracyWorst"]).toBe(Math.min(...accuracies));
    expect(found["accuracyMean"]).toBeCloseTo(accuracies.reduce((a, b) => a + b) / 4, 12);
    expect(found["accuracy"]).toBeCloseTo(mean("accuracy"), 12);
    expect(found["loss"]).toBeCloseTo(mean("loss"), 12);
    const losses = metrics.map(({ loss = NaN }) => loss);
    losses.slice(1).forEach((loss, k) => {
      expect(loss).toBeLessThan(losses[k] ?? 0);
    });
  });

  it("[RE15] what is fetched for an evaluation is counted with it, that of the last one too", async () => {
    const { history } = await run();
    const blob = 48 + 4 * selectRoles(layout, ["down"]).size;
    expect(history.evaluations.map(({ traffic }) => traffic?.bytesDown)).toEqual([
      0,
      ...[1, 2, 3, 4].map(() => clients.length * blob),
    ]);
    expect(history.rounds.map(({ traffic }) => traffic.bytesDown)).toEqual([0, 0, 0, 0]);
  });

  it("[CL9] [DA3] what is held out is never trained on, and weighs nothing", async () => {
    const { trained, evaluations, history } = await run();
    const parts = [trained, evaluations].map(
      (jobs) => new Set(jobs.map(({ job }) => JSON.stringify(job.data.holdout))),
    );
    expect(parts).toEqual([
      new Set([JSON.stringify({ fraction: 0.2, part: "train" })]),
      new Set([JSON.stringify({ fraction: 0.2, part: "held-out" })]),
    ]);
    const left = clients.reduce((sum, _, k) => sum + 10 + k - Math.round(0.2 * (10 + k)), 0);
    expect(history.rounds[0]?.training["examples"]).toBe(left);
  });

  it("[RE14] a client with evaluation data of its own trains on everything", async () => {
    const evaluationData = { kind: "toy", seed: 2, examples: 5 };
    const mixed = clients.map((client, k) => (k === 2 ? { ...client, evaluationData } : client));
    const { trained, evaluations } = await run({ clients: mixed });
    const of = (jobs: readonly { client: number; job: { data: DataRef } }[]) =>
      jobs.find(({ client }) => client === 2)?.job.data;
    expect(of(trained)).toEqual(clients[2]?.data);
    expect(of(evaluations)).toEqual(evaluationData);
  });

  it("[RE14] any method may be evaluated by its clients, and central evaluation is then not asked", async () => {
    const seen = watched();
    const { history } = await simulate(
      { ...toy, evaluation: { where: "federated", holdout: 0.5 } },
      options({ trainer: seen.trainer, evaluate: () => Promise.reject(new Error("asked")) }),
    );
    expect(history.evaluations).toHaveLength(5);
    const lasts = seen.evaluations.slice(-4).map(({ job }) => job.start);
    for (const values of lasts) expectSameBits(values, lasts[0] ?? values);
  });

  it("[RE14] asks a share of the clients, drawn anew each round from the seed alone", async () => {
    const asked = async () => {
      const { evaluations, metrics } = await run({}, { fractionEvaluate: 0.5 });
      expect(metrics.map(({ clients: count }) => count)).toEqual([2, 2, 2, 2, 2]);
      return evaluations.map(({ client }) => client);
    };
    const first = await asked();
    expect(new Set(first).size).toBeGreaterThan(2);
    expect(await asked()).toEqual(first);
  });

  it("[RE21] [TR9] goes on without a client that does not answer in time, and tells it to stop", async () => {
    const told: string[] = [];
    const lost = fateOf("evaluated", ({ name }) => (name === "client-1" ? [] : [0]));
    const { metrics, end } = await run(
      {
        fate(passage) {
          const { type } = JSON.parse(passage.message || "{}") as { type?: string };
          if (type === "cancel") told.push(passage.name);
          return lost(passage);
        },
      },
      { evaluateTimeoutMs: 1000 },
    );
    expect(end.status).toBe("completed");
    expect(metrics.map(({ clients: count }) => count)).toEqual([3, 3, 3, 3, 3]);
    expect(told).toEqual(Array.from({ length: 5 }, () => "client-1"));
  });

  it("[TR7] asks again when a question or an answer was lost on the way", async () => {
    for (const type of ["evaluate", "evaluated"]) {
      const dropped = new Set<string>();
      const fate = fateOf(type, ({ round, name }) => {
        const key = `${name}/${round}`;
        if (name !== "client-3" || dropped.has(key)) return [0];
        dropped.add(key);
        return [];
      });
      const { metrics, evaluations } = await run({ fate });
      expect(metrics.map(({ clients: count }) => count)).toEqual([4, 4, 4, 4, 4]);
      expect(evaluations).toHaveLength(20);
      expect(dropped.size).toBe(5);
    }
  });

  it.each([
    [true, 3],
    [false, 4],
  ])("[RE12] when a client is cut off (for good: %s) %i of 4 answer", async (forGood, count) => {
    let cut = (): void => undefined;
    const fate = fateOf("evaluate", ({ round, name }) => {
      if (round === 4 && name === "client-0") cut();
      return [0];
    });
    const { metrics, end } = await run({
      fate,
      prepare({ network }) {
        let done = false;
        cut = () => {
          if (!done) network.cut("client-0", forGood);
          done = true;
        };
      },
    });
    expect(end.status).toBe("completed");
    expect(metrics.at(-1)?.["clients"]).toBe(count);
  });

  it("[RE21] [RE14] a round that nobody could evaluate leaves no row, and the run goes on", async () => {
    const refusals: string[] = [];
    const { rounds, end, evaluations } = await run(
      { listener: { refused: ({ code }) => refusals.push(code) } },
      { holdout: 0 },
    );
    expect(end.status).toBe("completed");
    expect([rounds, evaluations]).toEqual([[], []]);
    expect(refusals).toEqual(Array.from({ length: 20 }, () => "data-invalid"));
  });

  it("[CI13] a stop ends a round's evaluation at once and stores nothing of it", async () => {
    let stop = (): void => undefined;
    const { rounds, end } = await run({
      fate: fateOf("evaluated", ({ round, name }) => {
        if (round !== 2) return [0];
        if (name === "client-2") stop();
        return name === "client-3" ? [] : [0];
      }),
      prepare({ coordinator }) {
        stop = () => {
          coordinator.stop();
        };
      },
    });
    expect(end.status).toBe("stopped");
    expect(rounds).toEqual([0, 1]);
  });
});
