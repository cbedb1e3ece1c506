/** What is told to those who look at runs: rounds with their members, participants, figures, series; on a real database. */
import type { ApiClient } from "@fedtune/api";
import { clientId, memoryStore, runId } from "@fedtune/core";
import type { Store } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import type { StartedDatabase } from "@fedtune/db";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { helloOf, rawClient, updateOf } from "../test-support/raw-client.ts";
import type { RawClient } from "../test-support/raw-client.ts";
import { layout, toyConfig } from "../test-support/toy-run.ts";

const toy = runId("toy");
const params = { run: toy };
const device = { backend: "webgpu", platform: "Chromium 156 on Linux", threads: 8 };

let database: StartedDatabase;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fedtune-looking-"));
  database = await startDatabase({ url: null, directory });
});
afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

const stores: readonly (readonly [string, () => Promise<Store>])[] = [
  ["memory", () => Promise.resolve(memoryStore(() => Date.now()))],
  [
    "Postgres",
    async () => {
      await database.pool.query("TRUNCATE runs CASCADE");
      return postgresStore(database);
    },
  ],
];

describe.each(stores)("over %s", (_name, open) => {
  let server: ApiServer;
  let api: ApiClient;
  const clients: RawClient[] = [];
  beforeEach(async () => {
    server = await apiServer({ store: await open() });
    api = server.client("admin");
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await server.close();
    expect(server.failures).toEqual([]);
  });

  async function made(rounds: Readonly<Record<string, number>>, more: object = {}): Promise<void> {
    await api.createRun({ body: { config: { ...toyConfig({ rounds }), ...more } } });
  }

  /** A client that has joined, and said what it is. */
  async function joined(name: string): Promise<RawClient> {
    const client = await rawClient(server.url, name);
    clients.push(client);
    client.say({ ...helloOf(name), device });
    const { spec } = await client.hear("welcome");
    const holds = { round: 0, hash: spec.initialHash };
    client.say({ type: "join", run: toy, layoutHash: spec.layoutHash, holds, pending: null });
    return client;
  }

  type Order = Awaited<ReturnType<typeof order>>;
  const order = (client: RawClient) => client.hear("order");

  function valuesFor(given: Order, value: number): Uint8Array {
    return updateOf(given, new Float32Array(layout.size).fill(value));
  }

  async function train(client: RawClient, given: Order, value = 1): Promise<void> {
    const { run, round, attempt } = given;
    client.say({
      type: "taken",
      run,
      round,
      attempt,
      holds: { round: 0, hash: given.adapterHash },
    });
    client.say({ type: "progress", run, round, attempt, done: 0.5 });
    await client.deliver(given, valuesFor(given, value));
  }

  it("a round tells what each member did and when, while it is open and when it is over", async () => {
    await made({ numRounds: 1, minAvailableClients: 4, minFitClients: 2 });
    const all = [await joined("ada"), await joined("bob"), await joined("cy"), await joined("dee")];
    const orders = await Promise.all(all.map(order));
    const [ada, bob, cy, dee] = all as [RawClient, RawClient, RawClient, RawClient];
    const [{ run, round, attempt }] = orders as [Order];
    await train(ada, orders[0]!);
    await ada.hear("accepted");
    cy.say({
      ...{ type: "declined", run, round, attempt },
      ...{ code: "training-failed", message: "out of memory" },
    });
    const nan = valuesFor(orders[1]!, 1);
    new DataView(nan.buffer, nan.byteOffset).setFloat32(nan.length - 4, NaN, true);
    await bob.deliver(orders[1]!, nan);
    await bob.hear("refused");
    const roundParams = { run: toy, round: "1" };
    const open = await api.getRound({ params: roundParams });
    expect(open).toMatchObject({ round: 1, committed: null, evaluation: null });
    expect(open.attempts).toMatchObject([{ attempt: 1, status: "open", endedAt: null }]);
    expect(open.attempts[0]?.members.map(({ status }) => status)).toEqual([
      ...["accepted", "refused", "declined", "ordered"],
    ]);
    const uploaded = Math.max(...open.attempts[0]!.members.map(({ bytesUp }) => bytesUp));
    expect(uploaded).toBe(nan.length);
    await train(dee, orders[3]!);
    await dee.hear("finished");
    const told = await api.getRound({ params: roundParams });
    expect(told.committed).toMatchObject({ round: 1, accepted: [0, 3] });
    expect(told.attempts).toMatchObject([{ status: "closed", code: null, target: 4 }]);
    const [first, second, third, fourth] = told.attempts[0]!.members;
    expect(first).toMatchObject({
      ...{ index: 0, client: "ada", status: "accepted", code: null, examples: 1 },
      ...{ bytesUp: nan.length, refusedMs: null, trainingSeconds: null },
    });
    expect(second).toMatchObject({ client: "bob", status: "refused", code: "not-finite" });
    expect(third).toMatchObject({
      ...{ client: "cy", status: "declined", code: "training-failed", message: "out of memory" },
      acceptedMs: null,
    });
    expect(fourth).toMatchObject({ client: "dee", status: "accepted" });
    for (const { orderedMs, startedMs, uploadedMs, acceptedMs } of [first!, fourth!]) {
      const times = [0, orderedMs!, startedMs!, uploadedMs!, acceptedMs!];
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    expect(third?.refusedMs).not.toBeNull();
  });

  it("an update that came late is told with its round, however much later", async () => {
    const half = { fractionFit: 0.5, overSelection: 2 };
    await made({ numRounds: 2, minAvailableClients: 2, minFitClients: 1, ...half });
    const [ada, bob] = [await joined("ada"), await joined("bob")];
    const [one, two] = [await order(ada), await order(bob)];
    await train(ada, one);
    await ada.hear("accepted");
    const next = await order(ada);
    await order(bob);
    await bob.deliver(two, valuesFor(two, 1));
    expect(await bob.hear("refused")).toMatchObject({ code: "late-update" });
    const late = async () => {
      const told = await api.getRound({ params: { run: toy, round: "1" } });
      return told.attempts[0]?.members[1];
    };
    await expect.poll(async () => (await late())?.code).toBe("late-update");
    expect(await late()).toMatchObject({ client: "bob", status: "ordered", acceptedMs: null });
    expect((await late())?.refusedMs).toBeGreaterThanOrEqual(0);
    await train(ada, next);
    await ada.hear("finished");
    const facts = (await api.listParticipants({ params })).items;
    expect(facts.map(({ accepted, late: count }) => [accepted, count])).toEqual([
      [2, 0],
      [0, 1],
    ]);
  });

  it("participants are told with what they are, what they did, and what they weigh", async () => {
    await made({ numRounds: 3, minAvailableClients: 2, minFitClients: 2 });
    const [ada, bob] = [await joined("ada"), await joined("bob")];
    for (const value of [1, 2]) {
      for (const client of [ada, bob]) await train(client, await order(client), value);
      for (const client of [ada, bob]) await client.hear("accepted");
    }
    await order(ada);
    const { items, total, next } = await api.listParticipants({ params });
    expect([total, next]).toEqual([2, null]);
    const bytes = valuesFor(await order(bob), 1).length;
    for (const [index, client] of ["ada", "bob"].entries()) {
      expect(items[index]).toMatchObject({
        ...{ index, client, isPresent: true, software: "test", device, revokedAt: null },
        ...{ ordered: 2, accepted: 2, refused: 0, late: 0, declined: 0, lastRound: 2 },
        ...{ examples: 1, share: 0.5, meanTrainingSeconds: null, bytesUp: 2 * bytes },
      });
      expect(items[index]?.status).not.toBeNull();
    }
    await bob.close();
    await expect
      .poll(async () => (await api.listParticipants({ params })).items[1]?.isPresent)
      .toBe(false);
    const part = await api.listParticipants({ params, query: { from: 1, limit: 1 } });
    expect(part.items.map(({ client }) => client)).toEqual(["bob"]);
    await server.security.enrolClient(toy, {
      ...{ client: clientId("ada"), publicKey: "a".repeat(64) },
      token: (await api.createEnrolmentToken({ params, body: {} })).secret,
    });
    await api.revokeClient({ params: { run: toy, client: clientId("ada") } });
    const [revoked] = (await api.listParticipants({ params })).items;
    expect(revoked?.revokedAt).not.toBeNull();
  });

  it("runs are listed with their figures, the newest first, by status and text", async () => {
    await made({ numRounds: 1, minAvailableClients: 1, minFitClients: 1 });
    const ada = await joined("ada");
    await train(ada, await order(ada));
    await ada.hear("finished");
    const other = { ...toyConfig({ method: { name: "ffa-lora" } }), name: "other" };
    await api.createRun({ body: { config: other, start: false } });
    const { items } = await api.listRuns();
    expect(items.map(({ id }) => id)).toEqual(["other", "toy"]);
    const { figures, endedAt } = items[1]!;
    expect(figures).toMatchObject({ joined: 1, epsilon: null, best: null, spark: [] });
    expect(figures.bytesUp).toBeGreaterThan(0);
    expect(Date.parse(endedAt ?? "")).toBeGreaterThan(0);
    const found = async (query: Parameters<ApiClient["listRuns"]>[0]) =>
      (await api.listRuns(query)).items.map(({ id }) => id);
    expect(await found({ query: { status: "completed" } })).toEqual(["toy"]);
    expect(await found({ query: { status: "running", text: "FFA" } })).toEqual(["other"]);
    expect(await found({ query: { text: "nothing like it" } })).toEqual([]);
    expect(await found({ query: { from: 1, limit: 1 } })).toEqual(["toy"]);
  });

  it("figures follow the evaluations; a series has one number of each", async () => {
    const evaluation = { metric: "accuracy" };
    await made({ numRounds: 5, minAvailableClients: 1, minFitClients: 1 }, { evaluation });
    await api.stopRun({ params });
    await server.close();
    const { store } = server;
    const { epoch } = await store.openRun({ ...(await store.getHistory(toy))!.run });
    for (const [round, accuracy] of [0.2, 0.8, 0.5].entries())
      await store.putEvaluation(toy, epoch, { round, metrics: { accuracy }, traffic: null });
    server = await apiServer({ store });
    api = server.client("admin");
    const metric = "evaluation.accuracy";
    const [row] = (await api.listRuns()).items;
    expect(row?.figures).toMatchObject({
      best: { metric: "accuracy", round: 1, value: 0.8 },
      spark: [
        [0, 0.2],
        [1, 0.8],
        [2, 0.5],
      ],
    });
    const series = await api.getSeries({ params, query: { metric, from: 1 } });
    expect(series).toEqual({
      metric,
      total: 2,
      isRaw: true,
      points: [
        [1, 0.8],
        [2, 0.5],
      ],
    });
    const nothing = await api.getSeries({ params, query: { metric: "training.loss" } });
    expect(nothing).toMatchObject({ total: 0, points: [] });
    for (const wrong of ["accuracy", "evaluation", "state.hash", "seconds.x", "evaluation.a b"]) {
      await expect(api.getSeries({ params, query: { metric: wrong } })).rejects.toMatchObject({
        code: "message-invalid",
      });
    }
  });

  it("has no round that has not begun, and no run that is not there", async () => {
    await made({ numRounds: 1, minAvailableClients: 1, minFitClients: 1 });
    const round = (run: string, number: string) =>
      api.getRound({ params: { run: runId(run), round: number } });
    await expect(round("toy", "7")).rejects.toMatchObject({ code: "usage" });
    await expect(round("toy", "0")).rejects.toMatchObject({ code: "message-invalid" });
    await expect(round("nobody", "1")).rejects.toMatchObject({ code: "run-unknown" });
    const nobody = { params: { run: runId("nobody") } };
    await expect(api.listParticipants(nobody)).rejects.toMatchObject({ code: "run-unknown" });
    await expect(api.getSeries({ ...nobody, query: { metric: "seconds" } })).rejects.toMatchObject({
      code: "run-unknown",
    });
  });

  it("[AP5] tells of nobody where presence is hidden", async () => {
    const privacy = { mode: "user-level", noiseMultiplier: 1, expectedCohort: 1 };
    const { rounds, ...config } = toyConfig({
      rounds: { numRounds: 1, minAvailableClients: 1, minFitClients: 1 },
    });
    const hidden = { ...config, privacy, rounds: { ...rounds, weightedBy: "uniform" } };
    await api.createRun({ body: { config: hidden } });
    const ada = await joined("ada");
    await train(ada, await order(ada));
    await ada.hear("finished");
    const told = await api.getRound({ params: { run: toy, round: "1" } });
    expect(told).toMatchObject({ committed: { round: 1 }, attempts: [] });
    expect(await api.listParticipants({ params })).toEqual({ items: [], total: 0, next: null });
    expect((await api.listRuns()).items[0]?.figures).toMatchObject({
      ...{ bytesUp: null, epsilon: { delta: 1e-5 } },
    });
    for (const metric of ["seconds", "traffic.bytesUp", "training.loss", "evaluation.examples"]) {
      const series = await api.getSeries({ params, query: { metric } });
      expect(series, metric).toMatchObject({ total: 0, points: [] });
    }
    const text = JSON.stringify([told, await api.listRuns()]);
    for (const word of ['"ada"', "accepted", "traffic", "training", "seconds"])
      expect(text).not.toContain(word);
  });

  it("goes on telling of a round that another process took up", async () => {
    await made({ numRounds: 1, minAvailableClients: 2, minFitClients: 2 });
    const [ada, bob] = [await joined("ada"), await joined("bob")];
    await train(ada, await order(ada));
    await ada.hear("accepted");
    await order(bob);
    for (const client of clients.splice(0)) await client.close();
    await server.close();
    const { store } = server;
    server = await apiServer({ store });
    api = server.client("admin");
    const members = async () =>
      (await api.getRound({ params: { run: toy, round: "1" } })).attempts[0]!.members;
    const [before] = await members();
    expect(before).toMatchObject({ client: "ada", status: "accepted" });
    expect(before?.startedMs).not.toBeNull();
    expect((await members())[1]).toMatchObject({ client: "bob", status: "ordered" });
  });
});
