/** Whole runs with clients that lie: what the firewall refuses, what it weighs less, what a combiner resists. */
import { parseServerMessage } from "@fedtune/core";
import type { MessageOf, Passage, Trainer } from "@fedtune/core";
import { expectSameBits, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { clients, config, layout, options } from "./test-support/toy-run.ts";

/** The toy trainer; what the given clients send is a multiple of their honest change, or says it has more examples. */
function lying(
  liars: readonly number[],
  lie: { readonly times?: number; readonly examples?: number },
): Trainer {
  const honest = toyTrainer(layout);
  return {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      if (!liars.includes(Number(job.data["seed"]))) return result;
      const { times = 1, examples = result.examples } = lie;
      const factors = result.factors.map((value, i) => {
        const start = job.start[i] ?? 0;
        return start + times * (value - start);
      });
      return { ...result, factors, examples };
    },
  };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((value, i) => value - (b[i] ?? 0)));

describe("the norm bound", () => {
  const bounded = { ...config, firewall: { maxNorm: 3 } };

  it("[FW1] refuses an update beyond it, tells its client, writes it down, and goes on", async () => {
    const told: MessageOf<"refused">[] = [];
    const seen: { client: string; code: string }[] = [];
    const fate = ({ direction, name, message }: Passage): number[] => {
      const said = direction === "down" ? parseServerMessage(message) : null;
      if (said?.type === "refused" && name === "client-2") told.push(said);
      return [0];
    };
    const { end, history } = await simulate(
      bounded,
      options({
        trainer: lying([2], { times: 100 }),
        fate,
        listener: { refused: ({ client, code }) => seen.push({ client, code }) },
      }),
    );
    expect(end.status).toBe("completed");
    expect(history.rounds.map(({ accepted }) => accepted)).toEqual([
      [0, 1, 3],
      [0, 1, 3],
      [0, 1, 3],
      [0, 1, 3],
    ]);
    expect(history.rounds.map(({ refusals }) => refusals)).toEqual(
      new Array(4).fill({ "norm-exceeded": 1 }),
    );
    expect(seen).toEqual(new Array(4).fill({ client: "client-2", code: "norm-exceeded" }));
    expect(told).toHaveLength(4);
    expect(told[0]).toMatchObject({ code: "norm-exceeded", round: 1 });
    expect(told[0]?.message).toContain("firewall.maxNorm");
    const rows = history.refusals.map(({ round, index, code }) => ({ round, index, code }));
    expect(rows).toEqual([1, 2, 3, 4].map((round) => ({ round, index: 2, code: "norm-exceeded" })));
  });

  it("changes nothing where nobody exceeds it", async () => {
    const { adapter, history } = await simulate(bounded, options());
    expectSameBits(adapter, (await simulate(config, options())).adapter);
    expect(history.rounds.map(({ refusals }) => refusals)).toEqual(new Array(4).fill({}));
  });
});

describe("the weight cap", () => {
  it("[FW2] lets no update weigh more, whatever its client claims", async () => {
    const trainer = lying([1], { examples: 1_000_000 });
    const capped = await simulate({ ...config, firewall: { maxWeight: 13 } }, options({ trainer }));
    // With 10, 13, 12, 13 examples a claim of a million counts as the cap.
    const honest = await simulate(config, options({ trainer: lying([1], { examples: 13 }) }));
    expectSameBits(capped.adapter, honest.adapter);
    const uncapped = await simulate(config, options({ trainer }));
    expect(distance(uncapped.adapter, honest.adapter)).toBeGreaterThan(0.1);
  });

  it("[FW2] of the smallest weight is a vote per client", async () => {
    const voted = await simulate({ ...config, firewall: { maxWeight: 1 } }, options());
    const uniform = { ...config, rounds: { ...config.rounds, weightedBy: "uniform" } };
    expectSameBits(voted.adapter, (await simulate(uniform, options())).adapter);
  });
});

describe("a combiner in a run", () => {
  const seven = Array.from({ length: 7 }, (_, k) => ({
    name: `client-${String(k)}`,
    data: { ...clients[0]!.data, seed: k },
  }));
  const robust = (combiner: Readonly<Record<string, unknown>>) => ({
    ...config,
    method: { name: "ffa-lora" },
    combiner,
    rounds: { numRounds: 3, minAvailableClients: 7, minFitClients: 7 },
  });
  const run = (combiner: Readonly<Record<string, unknown>>, trainer?: Trainer) =>
    simulate(
      robust(combiner),
      options({ clients: seven, ...(trainer === undefined ? {} : { trainer }) }),
    );

  it.each([
    [{ name: "median" }],
    [{ name: "trimmed-mean", trimFraction: 0.3 }],
    [{ name: "multi-krum", byzantineClients: 2 }],
    [{ name: "norm-clipping", clipNorm: 1 }],
  ])("[FW3] keeps the run near the honest one with two liars of seven: %j", async (combiner) => {
    const honest = await run({ name: "mean" });
    const lies = lying([1, 4], { times: -50 });
    const attacked = await run(combiner, lies);
    const helpless = await run({ name: "mean" }, lies);
    expect(attacked.end.status).toBe("completed");
    const scale = Math.hypot(...honest.adapter);
    expect(distance(attacked.adapter, honest.adapter)).toBeLessThan(scale);
    expect(distance(helpless.adapter, honest.adapter)).toBeGreaterThan(10 * scale);
    for (const { method } of attacked.history.rounds) {
      const own = Object.keys(method).filter((name) => name.startsWith("combiner"));
      expect(own.length).toBeGreaterThan(0);
    }
  });

  it("gives up an attempt with too few updates, and draws again", async () => {
    const rounds = {
      ...{ numRounds: 10, minAvailableClients: 7, minFitClients: 7 },
      ...{ sampling: "poisson", fractionFit: 0.3, maxAttempts: 50 },
    };
    const codes: string[] = [];
    const { end, history } = await simulate(
      { ...robust({ name: "median" }), rounds },
      options({
        clients: seven,
        listener: { attemptAbandoned: ({ code }) => codes.push(code) },
      }),
    );
    expect(end.status).toBe("completed");
    const sizes = history.rounds.map(({ accepted }) => accepted.length);
    expect(sizes.filter((size) => size === 1 || size === 2)).toEqual([]);
    expect(Math.max(...sizes)).toBeGreaterThan(2);
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(["not-enough-clients"]));
  });
});
