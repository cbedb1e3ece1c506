import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "../simulate.ts";
import type { SimulationOptions } from "../simulated-run.ts";
import { clients, config, options } from "../test-support/toy-run.ts";
import { devicesSchema } from "./config.ts";
import type { Trace } from "./trace.ts";

const owners = clients.map((client, k) => ({ ...client, examples: 100 * (k + 1) }));

const devicesOf = (devices: object, trace: Trace | null = null) => ({
  devices: { config: devicesSchema.parse(devices), trace },
});

/** A run of the toy whose clients have 100, 200, 300 and 400 examples. */
const play = (
  devices: object,
  { rounds = {}, ...over }: Record<string, object> = {},
  given: Partial<SimulationOptions> = {},
) => {
  const run = { ...config, ...over, rounds: { ...config.rounds, ...rounds } };
  return simulate(run, options({ clients: owners, ...devicesOf(devices), ...given }));
};

const acceptedOf = ({ history }: Awaited<ReturnType<typeof play>>) =>
  history.rounds.map(({ accepted }) => accepted);

describe("time on devices", () => {
  it("[SI10] a round of two clients takes what one can work out by hand", async () => {
    const devices = {
      examplesPerSecond: 20,
      uploadMbps: 0.001,
      downloadMbps: 0.004,
      latencyMs: 50,
    };
    const { history, committedAtSeconds, end } = await play(
      devices,
      { rounds: { numRounds: 2, minAvailableClients: 2 } },
      { clients: owners.slice(0, 2) },
    );
    expect(end.status).toBe("completed");
    const [first, second] = history.rounds;
    // Order, upload and announcement wait for the latency; the slower client has 200 examples.
    const upload = (8 * first!.traffic.bytesUp) / 2 / 1000;
    const round = 0.05 + 200 / 20 + (0.05 + upload) + 0.05;
    expect(first!.seconds).toBeCloseTo(round, 9);
    const download = (8 * second!.traffic.bytesDown) / 2 / 4000;
    expect(download).toBeGreaterThan(0);
    expect(second!.seconds).toBeCloseTo(round + 0.05 + download, 9);
    // Hello, welcome and join come before the first round.
    expect(committedAtSeconds[0]).toBeCloseTo(0.15 + round, 9);
    expect(committedAtSeconds[1]).toBeCloseTo(0.15 + 2 * round + 0.05 + download, 9);
  });

  it("the devices change when things happen and not what comes out of them", async () => {
    const plain = await simulate(config, options());
    const timed = await play({ examplesPerSecond: 3, speedSigma: 1, uploadMbps: 1, latencyMs: 10 });
    expectSameBits(timed.adapter, plain.adapter);
    expect(plain.committedAtSeconds).toEqual([0, 0, 0, 0]);
  });

  it("the deadline takes what is there, and the slow are late", async () => {
    const { end, history } = await play(
      { examplesPerSecond: 10 },
      { rounds: { roundTimeoutMs: 35_000, uploadGraceMs: 0 } },
    );
    expect(end.status).toBe("completed");
    for (const row of history.rounds) {
      expect(row.accepted).toEqual([0, 1, 2]);
      expect(row.seconds).toBe(35);
    }
  });

  it("[RE30] the slow are late, and count in the round after", async () => {
    const rounds = { roundTimeoutMs: 35_000, uploadGraceMs: 0, lateUpdates: "next-round" };
    const run = await play({ examplesPerSecond: 10 }, { rounds: { ...rounds, numRounds: 4 } });
    expect(run.end.status).toBe("completed");
    const three = [0, 1, 2];
    expect(acceptedOf(run)).toEqual([three, [...three, 3], three, [...three, 3]]);
    expect(run.history.rounds.map(({ seconds }) => seconds)).toEqual([35, 30, 35, 30]);
  });

  it("an upload under way at the deadline has the upload grace", async () => {
    const rounds = { roundTimeoutMs: 45_000, uploadGraceMs: 60_000, numRounds: 1 };
    const devices = { examplesPerSecond: 10, uploadMbps: 0.0001 };
    const { history } = await play(devices, { rounds });
    expect(history.rounds[0]!.accepted).toEqual([0, 1, 2, 3]);
    expect(history.rounds[0]!.seconds).toBeGreaterThan(45);
  });

  it("over-selection closes a round with the fastest", async () => {
    const rounds = { fractionFit: 0.5, overSelection: 2, numRounds: 3 };
    const { history } = await play({ examplesPerSecond: 10 }, { rounds });
    for (const row of history.rounds) {
      expect(row.accepted).toEqual([0, 1]);
      expect(row.seconds).toBe(20);
    }
  });

  it("clients that wait say nothing, however long it takes", async () => {
    const rounds = { fractionFit: 0.5, numRounds: 3 };
    const said = async (examplesPerSecond: number) => {
      const { history } = await play({ examplesPerSecond }, { rounds });
      return history.rounds.map(({ traffic }) => traffic.controlBytesUp);
    };
    expect(await said(1)).toEqual(await said(1e6));
  });

  it("what is called off is not trained by a pool that has not come to it", async () => {
    const { trainer } = options();
    const trained: number[] = [];
    const counting = {
      ...trainer,
      train: (...[job, control]: Parameters<typeof trainer.train>) => (
        trained.push(job.round),
        trainer.train(job, control)
      ),
    };
    const dropouts = { training: 1, secondsAway: 5 };
    const { end } = await play(
      { examplesPerSecond: 10, dropouts },
      { rounds: { roundTimeoutMs: 60_000 } },
      { trainer: counting },
    );
    expect(end.status).toBe("failed");
    expect(trained).toEqual([]);
  });
});

describe("stragglers, dropouts and absence", () => {
  const rough = {
    examplesPerSecond: 10,
    speedSigma: 0.5,
    uploadMbps: 0.01,
    latencyMs: 100,
    dropouts: { training: 0.3, uploading: 0.2, secondsAway: 30 },
    stragglers: { probability: 0.2, slowdown: 5 },
    availability: { kind: "markov", meanOnSeconds: 200, meanOffSeconds: 100 },
  };
  const rounds = {
    ...{ numRounds: 12, minAvailableClients: 2, minFitClients: 1, roundTimeoutMs: 120_000 },
    ...{ waitTimeoutMs: 3_600_000, maxAttempts: 20 },
  };

  it("rounds finish all the same", async () => {
    const result = await play(rough, { rounds });
    expect(result.end).toEqual({ status: "completed", failure: null });
    const counts = acceptedOf(result).map(({ length }) => length);
    expect(Math.min(...counts)).toBeLessThan(4);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(result.history.rounds.reduce((sum, { gone }) => sum + gone, 0)).toBeGreaterThan(0);
  });

  it("the same seed gives the same run bit for bit, another seed another", async () => {
    const [once, again, other] = [
      await play(rough, { rounds }),
      await play(rough, { rounds }),
      await simulate(
        { ...config, seed: 2, rounds: { ...config.rounds, ...rounds } },
        options({ clients: owners, ...devicesOf(rough) }),
      ),
    ];
    expect(JSON.stringify(again.history)).toBe(JSON.stringify(once.history));
    expectSameBits(again.adapter, once.adapter);
    expect(again.committedAtSeconds).toEqual(once.committedAtSeconds);
    expect(other.committedAtSeconds).not.toEqual(once.committedAtSeconds);
  });

  it("results do not depend on how long the real training takes", async () => {
    const { trainer } = options();
    let turn = 0;
    const uneven = {
      ...trainer,
      async train(...[job, control]: Parameters<typeof trainer.train>) {
        const turns = (turn++ * 7) % 5;
        for (let k = 0; k < turns; k++) await new Promise((resolve) => setImmediate(resolve));
        return trainer.train(job, control);
      },
    };
    const [even, odd] = [
      await play(rough, { rounds }),
      await play(rough, { rounds }, { trainer: uneven }),
    ];
    expect(JSON.stringify(odd.history)).toBe(JSON.stringify(even.history));
  });

  it("[SI10] methods under one seed see the same devices, and so the same cohorts", async () => {
    const plain = { ...rough, uploadMbps: null, dropouts: {} };
    const cohorts = await Promise.all(
      ["fedavg", "ffa-lora"].map(async (name) => {
        const result = await play(plain, { rounds, method: { name } });
        return { accepted: acceptedOf(result), at: result.committedAtSeconds };
      }),
    );
    expect(cohorts[1]).toEqual(cohorts[0]);
  });

  it("a client is away as its trace says", async () => {
    const trace = new Map(
      owners.map(({ name }, k) => [name, [{ from: k === 3 ? 25 : 0, to: 1e6 }]] as const),
    );
    const devices = { examplesPerSecond: 100, availability: { kind: "trace", path: "-" } };
    const { history } = await play(
      devices,
      { rounds: { minAvailableClients: 3, numRounds: 12 } },
      devicesOf(devices, trace),
    );
    // Rounds of 3 s without the last client, 4 s with it.
    expect(history.rounds.map(({ accepted }) => accepted.length)).toEqual([
      ...Array<number>(9).fill(3),
      ...Array<number>(3).fill(4),
    ]);
    expect(history.rounds.map(({ seconds }) => seconds)).toEqual([
      ...Array<number>(9).fill(3),
      ...Array<number>(3).fill(4),
    ]);
  });

  it("too few clients for ever: the run fails by its own deadline, which says so", async () => {
    const trace = new Map([[owners[0]!.name, [{ from: 0, to: 1e6 }]]]);
    const devices = { availability: { kind: "trace", path: "-" } };
    const { end } = await play(
      devices,
      { rounds: { minAvailableClients: 2 } },
      devicesOf(devices, trace),
    );
    expect(end.failure?.code).toBe("not-enough-clients");
    expect(end.failure?.message).toContain("1 clients after 600000 ms, wanted 2");
  });

  it("a trace of other clients is refused", async () => {
    const devices = { availability: { kind: "trace", path: "-" } };
    const trace = new Map([["somebody", [{ from: 0, to: 1 }]]]);
    await expect(play(devices, {}, devicesOf(devices, trace))).rejects.toThrow(/somebody/);
  });
});
