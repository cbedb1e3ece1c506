/** Runs that protect whole clients, from config to report. */
import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  FedtuneError,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
import type { Entropy } from "@fedtune/core";
import { epsilonAfter, privacyRules } from "@fedtune/dp";
import { expectClose, expectSameBits, nodeHash } from "@fedtune/testkit";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { reportRows } from "./report.ts";
import { simulate } from "./simulate.ts";
import type { SimulationOptions, SimulationResult } from "./simulated-run.ts";
import { config, options } from "./test-support/toy-run.ts";

const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
const entropy: Entropy = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const uniform = { ...config.rounds, weightedBy: "uniform" };
/** So little noise and so wide a norm that only rounding to the grid is left. */
const faint = { noiseMultiplier: 1e-9, clipNorm: 10 };

type Over = Readonly<Record<string, unknown>>;

function play(
  privacy: Over,
  over: Over = {},
  given: Partial<SimulationOptions> = {},
): Promise<SimulationResult> {
  const settings = { mode: "user-level", expectedCohort: 4, noise: "seeded", ...privacy };
  const run = { ...config, rounds: uniform, ...over, privacy: settings };
  return simulate(run, options({ registries, ...given }));
}

const plain = (over: Over = {}) =>
  simulate({ ...config, rounds: uniform, ...over }, options({ registries }));

const difference = (a: Float32Array, b: Float32Array) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe("a run that protects whole clients", () => {
  it.each(["fedavg", "ffa-lora", "rolora", "fedsa-lora", "fedsvd"])(
    "[DP23] with hardly any noise %s gives what it gives without privacy",
    async (name) => {
      const method = { method: { name }, evaluation: { everyRounds: 0 } };
      const { adapter, end } = await play(faint, method);
      expect(end.status).toBe("completed");
      expectClose(adapter, (await plain(method)).adapter, 1e-3);
    },
  );

  it("[DP23] the divisor is the expected cohort, not who came", async () => {
    const one = { rounds: { ...uniform, numRounds: 1 } };
    const before = await plain({
      rounds: { ...uniform, numRounds: 1 },
      training: { learningRate: 1e-12 },
    });
    const [whole, half] = await Promise.all([
      play(faint, one),
      play({ ...faint, expectedCohort: 8 }, one),
    ]);
    whole.adapter.forEach((value, i) => {
      const start = before.adapter[i]!;
      expect(half.adapter[i]! - start).toBeCloseTo((value - start) / 2, 4);
    });
  });

  it("[DP23] clips sparse updates as they are sent", async () => {
    const method = {
      name: "cellm",
      densityUp: 0.5,
      serverOptimizer: { name: "sgd", learningRate: 1, momentum: 0 },
    };
    const { adapter } = await play(faint, { method });
    expectClose(adapter, (await plain({ method })).adapter, 1e-3);
  });

  it("[DP24] a Poisson round that draws nobody releases noise, and counts", async () => {
    const rounds = { ...uniform, sampling: "poisson", fractionFit: 1e-9 };
    const nobody = await play({ noiseMultiplier: 1 }, { rounds });
    expect(nobody.end.status).toBe("completed");
    expect(nobody.history.rounds.map(({ accepted }) => accepted.length)).toEqual([0, 0, 0, 0]);
    const states = nobody.history.rounds.map(({ adapters }) => adapters[0]!.hash);
    expect(new Set(states).size).toBe(4);
    const unprotected = await plain({ rounds });
    const still = unprotected.history.rounds.map(({ adapters }) => adapters[0]!.hash);
    expect(new Set(still).size).toBe(1);
  });

  it("[DP24] what is read of the updates is their noisy mean, so no aggregation error is known", async () => {
    const { history } = await play(faint);
    for (const { aggregationError, privacy } of history.rounds) {
      expect(aggregationError).toMatchObject({ total: null });
      expect(aggregationError.reason).toMatch(/user-level/);
      expect(privacy?.metrics).toEqual({ clipNorm: 10, noiseMultiplier: 1e-9 });
    }
  });

  it("[DP10] [DP11] seeded noise is repeatable, secure noise is not, and needs its source", async () => {
    const noisy = { noiseMultiplier: 0.5 };
    const first = await play(noisy);
    expectSameBits((await play(noisy)).adapter, first.adapter);
    const secure = { ...noisy, noise: "secure" };
    const one = await play(secure, {}, { entropy });
    const other = await play(secure, {}, { entropy });
    expect(difference(one.adapter, other.adapter)).toBeGreaterThan(0);
    await expect(play(secure)).rejects.toThrow(FedtuneError);
  });

  it("[DP27] clients clip and add their shares by themselves", async () => {
    const shares = { ...faint, noiseBy: "clients" };
    const { adapter, resolved } = await play(shares);
    expect(resolved.config.privacy).toMatchObject({ noiseShares: 2 });
    expectClose(adapter, (await plain()).adapter, 1e-3);
    const rough = { update: { codec: "f16" } };
    expectClose((await play(shares, rough)).adapter, (await plain(rough)).adapter, 1e-2);
    const noisy = { noiseMultiplier: 1, clipNorm: 0.5, noiseBy: "clients" };
    const seeded = await play(noisy);
    expectSameBits((await play(noisy)).adapter, seeded.adapter);
    const secure = await play({ ...noisy, noise: "secure" }, {}, { entropy });
    expect(difference(secure.adapter, seeded.adapter)).toBeGreaterThan(0.01);
  });

  it("[DP27] a client without a source of randomness sends nothing rather than no noise", async () => {
    const { end, history } = await play({
      noiseMultiplier: 1,
      noiseBy: "clients",
      noise: "secure",
    });
    expect(end.status).toBe("failed");
    expect(history.rounds).toEqual([]);
  });

  it("[DP28] every round's row tells what it has cost so far", async () => {
    const { history, resolved } = await play({ noiseMultiplier: 2 });
    const epsilons = reportRows(history, resolved.config).map(({ epsilon }) => epsilon!);
    expect(epsilons).toEqual([1, 2, 3, 4].map((round) => epsilonAfter(resolved.config, round)));
    expect(epsilons).toEqual(epsilons.toSorted((a, b) => a - b));
    expect(epsilons[0]).toBeGreaterThan(0);
    const { history: open, resolved: none } = await plain();
    expect(reportRows(open, none.config).map(({ epsilon }) => epsilon)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it("[DP23] no coordinator opens that was given nothing to protect clients with", async () => {
    const privacy = { mode: "user-level", expectedCohort: 4, noiseMultiplier: 1 };
    const run = { ...config, rounds: uniform, privacy };
    const setup = prepareRun(runId("toy"), resolveRun(run, registries, nodeHash), {
      describe: options().describe as never,
      hash: nodeHash,
    });
    const clock = virtualClock(() => Promise.resolve());
    const { server: transport } = memoryNetwork({ clock });
    const stores = { store: memoryStore(), blobs: memoryBlobs() };
    const ports = { transport, ...stores, clock, hash: nodeHash, evaluate: null };
    await expect(openCoordinator(setup, ports)).rejects.toMatchObject({ code: "config-conflict" });
  });
});
