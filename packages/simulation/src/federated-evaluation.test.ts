import { methods } from "@fedtune/aggregators";
import { adapterKinds, gatherRoles } from "@fedtune/core";
import type {
  DataRef,
  EvaluateJob,
  FactorRole,
  Method,
  Passage,
  Trainer,
  TrainJob,
} from "@fedtune/core";
import { expectSameBits, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import type { SimulationOptions } from "./simulate.ts";
import { clients, config as toy, layout, options } from "./test-support/toy-run.ts";

const config = { ...toy, method: { name: "fedsa-lora" } };
const personal: readonly FactorRole[] = ["up", "head"];
const own = (values: Float32Array): Float32Array => gatherRoles(layout, values, personal);
const common = (values: Float32Array): Float32Array => gatherRoles(layout, values, ["down"]);
const clientOf = (data: DataRef): number => Number(data["seed"]);

interface Trained {
  readonly client: number;
  readonly job: TrainJob;
  readonly start: Float32Array;
  readonly factors: Float32Array;
}

interface Evaluation {
  readonly client: number;
  readonly job: EvaluateJob;
  readonly loss: number;
  readonly accuracy: number;
}

/** A toy trainer that writes down what it was asked. */
function watched() {
  const trained: Trained[] = [];
  const evaluations: Evaluation[] = [];
  const honest = toyTrainer(layout);
  const trainer: Trainer = {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      const { factors } = result;
      const start = job.start.slice();
      trained.push({ client: clientOf(job.data), job, start, factors: factors.slice() });
      return result;
    },
    async evaluate(job, control) {
      const metrics = await honest.evaluate(job, control);
      const { loss = NaN, accuracy = NaN } = metrics;
      const kept = { ...job, start: job.start.slice() };
      evaluations.push({ client: clientOf(job.data), job: kept, loss, accuracy });
      return metrics;
    },
  };
  return { trained, evaluations, trainer };
}

/** What becomes of the messages of a type; the others arrive. */
function fateOf(
  type: string,
  decide: (about: { round: number; name: string }) => readonly number[],
) {
  return ({ name, message }: Passage): readonly number[] => {
    if (message === "") return [0];
    const said = JSON.parse(message) as { type: string; round?: number };
    return said.type === type ? decide({ round: said.round ?? -1, name }) : [0];
  };
}

/** A run that evaluates, with what its trainer saw. */
async function run(overrides: Partial<SimulationOptions> = {}, evaluation: object = {}) {
  const seen = watched();
  const result = await simulate(
    { ...config, evaluation },
    options({ trainer: seen.trainer, verify: true, ...overrides }),
  );
  const rounds = result.history.evaluations.map(({ round }) => round);
  const metrics = result.history.evaluations.map((row) => row.metrics);
  return { ...seen, ...result, rounds, metrics };
}

describe("federated evaluation", () => {
  it("[RE14] each client measures the shared A with its own B and head; round 0 as it begins", async () => {
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

  it("[RE14] metrics are means weighted by the examples held out, with the worst client", async () => {
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

  it("[DA3] what is held out is never trained on, and weighs nothing", async () => {
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

  it("[TR9] goes on without a client that does not answer in time, and tells it to stop", async () => {
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

  it("[RE14] a round that nobody could evaluate leaves no row, and the run goes on", async () => {
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

describe("a client's own factors", () => {
  it("[CL3] are kept when the answer to an accepted update is lost with the connection", async () => {
    let cut = (): void => undefined;
    let lost = 0;
    const fate = fateOf("accepted", ({ round, name }) => {
      if (round !== 2 || name !== "client-1" || lost > 0) return [0];
      lost += 1;
      cut();
      return [];
    });
    const { trained, history } = await run({
      fate,
      prepare({ network }) {
        cut = () => {
          network.cut("client-1");
        };
      },
    });
    expect(lost).toBe(1);
    expect(history.rounds[1]?.accepted).toEqual([0, 1, 2, 3]);
    const of = (round: number) =>
      trained.find(({ client, job }) => client === 1 && job.round === round);
    expectSameBits(own(of(3)!.start), own(of(2)!.factors));
  });

  it("[CL1] with cold start `fit` are trained alone first, once, and do not travel", async () => {
    const fitting = (methods as readonly Method[]).map((method): Method => ({
      ...method,
      plan: (...args) => ({ ...method.plan(...args), coldStart: "fit" }),
    }));
    const registries = { methods: fitting, kinds: adapterKinds };
    const { trained, adapter } = await run({ registries });
    const first = trained.filter(({ client }) => client === 0).slice(0, 3);
    expect(first.map(({ job }) => [job.round, job.train])).toEqual([
      [1, personal],
      [1, ["down", "up", "head"]],
      [2, ["down", "up", "head"]],
    ]);
    const [fit, usual] = first;
    expectSameBits(common(fit!.factors), common(fit!.start));
    expect(own(fit!.factors)).not.toEqual(own(fit!.start));
    expectSameBits(usual!.start, fit!.factors);
    expect(usual!.job.seed).not.toEqual(fit!.job.seed);
    expectSameBits(common(adapter), common((await run()).adapter), "A as without a fit");
  });

  it("are one set for all, one client after the other, where the released code is reproduced", async () => {
    const { trained, evaluations } = await run({ sharePersonal: true });
    expect(trained.map(({ client }) => client)).toEqual([1, 2, 3, 4].flatMap(() => [0, 1, 2, 3]));
    trained.slice(1).forEach(({ start }, k) => {
      expectSameBits(own(start), own(trained[k]!.factors), "what the client before left");
    });
    evaluations.slice(4).forEach(({ job }, at) => {
      const left = trained[4 * Math.floor(at / 4) + 3]!;
      expectSameBits(own(job.start), own(left.factors), "what the last client left");
    });
  });
});
