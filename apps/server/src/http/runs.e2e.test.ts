/** The client and the server together, over a port. */
import { FedtuneError, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { rawClient, updateOf } from "../test-support/raw-client.ts";
import { layout, toyConfig } from "../test-support/toy-run.ts";
import type { ToyConfig } from "../test-support/toy-run.ts";

let server: ApiServer;
beforeEach(async () => {
  server = await apiServer();
});
afterEach(async () => {
  await server.close();
  expect(server.failures).toEqual([]);
});

const toy = runId("toy");
const alone = { minAvailableClients: 1, minFitClients: 1, numRounds: 2 };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof FedtuneError ? error.code : String(error)),
  );
}

async function made(config: ToyConfig = {}, start = true): Promise<RunId> {
  const body = { config: toyConfig({ rounds: alone, ...config }), start };
  return (await server.client("runs:write").createRun({ body })).id;
}

/** One client does all rounds of run "toy"; resolves when the run is over. */
async function played(rounds = 2): Promise<void> {
  const client = await rawClient(server.url, "ada");
  await client.enrol();
  for (let round = 1; round <= rounds; round++) {
    const order = await client.hear("order");
    await client.deliver(order, updateOf(order, new Float32Array(layout.size).fill(round)));
  }
  await client.hear("finished");
  await client.close();
}

describe("a run", () => {
  it("[AP1] [HT3] is made from a config, looked at, listed, and played to its end", async () => {
    const api = server.client("runs:write", "runs:read");
    const created = await api.createRun({ body: { config: toyConfig({ rounds: alone }) } });
    expect(created).toMatchObject({
      ...{ id: toy, method: "fedavg", status: "running", isOpen: true, presence: "shown" },
      ...{ numRounds: 2, committedRounds: 0, createdAt: "2026-01-02T00:00:00.000Z" },
      state: { phase: "waiting", countdown: { timer: "wait" } },
    });
    expect(created.config).toMatchObject({ name: "toy", seed: 42 });
    await played();
    const after = await api.getRun({ params: { run: toy } });
    expect(after).toMatchObject({ status: "completed", committedRounds: 2 });
    expect(after.participants).toMatchObject([{ index: 0 }]);
    const { items, total, next } = await api.listRuns();
    expect([total, next]).toEqual([1, null]);
    const { configHash: _h, config: _c, presence: _p, participants: _q, ...summary } = after;
    expect(items).toEqual([summary]);
  });

  it("is refused under a name that is taken, also while the other is being made", async () => {
    const api = server.client("runs:write");
    const body = { config: toyConfig() };
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(api.createRun({ body }))));
    expect(codes.sort()).toEqual(["config-conflict", "config-conflict", "none"]);
    expect(await codeOf(api.createRun({ body }))).toBe("config-conflict");
  });

  it("is paused, resumed and stopped; each is written down when it is answered", async () => {
    await made();
    const api = server.client("runs:write");
    const params = { run: toy };
    const paused = async () => (await server.store.getRuns())[0]?.paused;
    expect((await api.pauseRun({ params })).state.paused).toBe(true);
    expect(await paused()).toBe(true);
    expect((await api.resumeRun({ params })).state.paused).toBe(false);
    expect(await paused()).toBe(false);
    expect((await api.stopRun({ params })).status).toBe("stopped");
    expect((await server.store.getRuns())[0]?.status).toBe("stopped");
    expect((await api.stopRun({ params })).status).toBe("stopped");
    expect(await codeOf(api.pauseRun({ params }))).toBe("usage");
    expect(server.security.deeds.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      ...["createRun run:toy", "pauseRun run:toy", "resumeRun run:toy"],
      ...["stopRun run:toy", "stopRun run:toy"],
    ]);
  });

  it("that is made without a start is paused until it is resumed", async () => {
    await made({}, false);
    expect((await server.store.getRuns())[0]?.paused).toBe(true);
    const api = server.client("runs:write");
    expect((await api.resumeRun({ params: { run: toy } })).state).toMatchObject({ paused: false });
    await played();
  });

  it("is deleted only after its end, and its name is free then", async () => {
    await made();
    const api = server.client("runs:write", "runs:read");
    const params = { run: toy };
    expect(await codeOf(api.deleteRun({ params }))).toBe("usage");
    await api.stopRun({ params });
    await api.deleteRun({ params });
    expect(await codeOf(api.getRun({ params }))).toBe("run-unknown");
    expect(await codeOf(api.listRounds({ params }))).toBe("run-unknown");
    expect((await api.listRuns()).items).toEqual([]);
  });

  it("that no coordinator has open is told from the store, and cannot be steered", async () => {
    await made();
    await server.close();
    const { store } = server;
    server = await apiServer({ store });
    const api = server.client("runs:write", "runs:read");
    const told = await api.getRun({ params: { run: toy } });
    expect(told).toMatchObject({ status: "running", isOpen: false, state: { phase: "idle" } });
    expect(await codeOf(api.pauseRun({ params: { run: toy } }))).toBe("transport-closed");
    expect((await api.listRuns()).items).toMatchObject([{ isOpen: false }]);
  });

  it.each([
    "getRun",
    "pauseRun",
    "stopRun",
    "deleteRun",
    "listAttempts",
    "getLedger",
    "listClients",
  ] as const)("[AP1] %s knows no run of another name", async (name) => {
    const api = server.client("admin");
    expect(await codeOf(api[name]({ params: { run: runId("nobody") } }))).toBe("run-unknown");
  });
});

describe("the past of a run", () => {
  it("[AP1] comes in parts that fit together", async () => {
    await made({ rounds: { ...alone, numRounds: 5 } });
    await played(5);
    const api = server.client("runs:read");
    const params = { run: toy };
    const whole = await api.listRounds({ params });
    expect(whole.items.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5]);
    expect(whole.items[0]).toMatchObject({ sampled: 1, accepted: [0], privacy: null });
    const parts = [];
    for (let from: number | null = 0; from !== null;) {
      const part = await api.listRounds({ params, query: { from, limit: 2 } });
      expect(part.total).toBe(5);
      parts.push(part.items);
      from = part.next;
    }
    expect(parts.map((part) => part.length)).toEqual([2, 2, 1]);
    expect(parts.flat()).toEqual(whole.items);
    expect(await api.listRounds({ params, query: { from: 9 } })).toEqual({
      ...{ items: [], total: 5, next: null },
    });
    expect((await api.listAttempts({ params })).items[0]).toEqual({
      ...{ round: 1, attempt: 1, cohort: [0], target: 1 },
    });
    expect((await api.listRefusals({ params })).total).toBe(0);
    expect((await api.listEvaluations({ params })).items).toEqual([]);
    expect(await api.getLedger({ params })).toMatchObject({
      guarantee: { mode: "none" },
      rows: [],
    });
  });

  it("[AP1] has the adapter of each round, of the latest and of the best", async () => {
    await made();
    await played();
    const api = server.client("adapters:read");
    const adapter = (round: string) => api.getAdapter({ params: { run: toy, round } });
    const { bytes, headers } = await adapter("2");
    expect(bytes.length).toBe(4 * layout.size);
    expect(headers).toMatchObject({ "x-fedtune-round": "2", "x-fedtune-rank": "2" });
    expect(await adapter("latest")).toEqual({ bytes, headers });
    expect(await codeOf(adapter("3"))).toBe("blob-missing");
    expect(await codeOf(adapter("best"))).toBe("blob-missing");
    const [row] = (await server.store.getHistory(toy))!.rounds;
    expect((await adapter("1")).headers["x-fedtune-hash"]).toBe(row!.adapters[0]!.model);
    const { epoch } = await server.store.openRun((await server.store.getHistory(toy))!.run);
    const evaluate = (round: number, loss: number) =>
      server.store.putEvaluation(toy, epoch, { round, metrics: { loss }, traffic: null });
    await evaluate(0, 0.1);
    await evaluate(1, 0.5);
    await evaluate(2, 0.7);
    expect((await adapter("best")).headers["x-fedtune-round"]).toBe("1");
  });

  it("[AP5] does not tell who took part where clients are protected as a whole", async () => {
    const privacy = { mode: "user-level", expectedCohort: 1, noiseMultiplier: 1 };
    const rounds = { ...alone, numRounds: 1, sampling: "poisson", weightedBy: "uniform" };
    const config = { ...toyConfig({ participants: ["ada"] }), privacy, rounds };
    const api = server.client("admin");
    await api.createRun({ body: { config } });
    const feed = api.followRun({ params: { run: toy } });
    const events: unknown[] = [];
    const following = (async () => {
      for await (const event of feed) events.push(event);
    })();
    await played(1);
    await following;
    const params = { run: toy };
    const answers = await Promise.all([
      api.getRun({ params }),
      api.listRuns(),
      api.listRounds({ params }),
      api.listEvaluations({ params }),
      api.listAttempts({ params }),
      api.listRefusals({ params }),
    ]);
    const [{ config: _config, ...details }, ...others] = answers;
    const text = JSON.stringify([details, others, events]);
    for (const field of [
      "sampled",
      "accepted",
      "declined",
      "gone",
      "training",
      "traffic",
      "seconds",
    ]) {
      expect(text).not.toContain(`"${field}"`);
    }
    expect(answers[0]).toMatchObject({
      presence: "hidden",
      state: { counts: null, target: null },
      participants: [{ index: 0, holds: null, status: null }],
    });
    expect(answers[2]).toMatchObject({ total: 1, items: [{ privacy: { metrics: {} } }] });
    expect(text).not.toContain(
      JSON.stringify((await server.store.getHistory(toy))!.rounds[0]!.privacy!.state),
    );
    expect([answers[4].total, answers[5].total]).toEqual([0, 0]);
  });
});
