/** What stores must do with lists: a page is a part of the whole, in the same order. */
import { clientId, runId } from "@fedtune/core";
import type { Paged, Place, Store } from "@fedtune/core";
import { expect, it } from "vitest";
import type { StoreBench } from "./store.ts";
import { attemptRow, hashOf, refusalRow, roundRow, run, runRow } from "./store-rows.ts";

const stranger = runId("stranger");

type Lists = "getRounds" | "getEvaluations" | "getAttempts" | "getRefusals" | "getParticipants";
const lists: readonly Lists[] = [
  ...(["getRounds", "getEvaluations", "getAttempts", "getRefusals", "getParticipants"] as const),
];

/** Five of everything. */
async function filled(store: Store): Promise<void> {
  const { epoch } = await store.openRun(runRow());
  for (const name of ["eve", "bob", "zoe", "ada", "kim"])
    await store.enrol(run, clientId(name), { roster: null });
  for (let round = 1; round <= 5; round++) {
    await store.openAttempt(run, epoch, attemptRow(1, { round }));
    await store.putRefusal(run, epoch, refusalRow(5 - round, { round }));
    await store.endAttempt(run, epoch, { round, attempt: 1, accepted: [], status: "closed" });
    await store.commitRound(run, epoch, roundRow(round));
    const evaluation = { round: 6 - round, metrics: { loss: round }, traffic: null };
    await store.putEvaluation(run, epoch, evaluation);
  }
}

export function pageRules(at: () => StoreBench): void {
  it.each(lists)("%s gives any part of its list, in the order of the whole", async (list) => {
    const bench = at();
    await filled(bench.store);
    const store = await bench.reopen();
    const read = (place: Place): Promise<Paged<unknown>> => store[list](run, place);
    const { rows: all, total } = await read({ from: 0, limit: 100 });
    expect([all.length, total]).toEqual([5, 5]);
    for (const [from, limit] of [
      [0, 2],
      [2, 2],
      [4, 2],
      [1, 3],
      [5, 1],
      [99, 1],
    ] as const) {
      const page = await read({ from, limit });
      expect(page.rows, `${from} ${limit}`).toEqual(all.slice(from, from + limit));
      expect(page.total).toBe(5);
    }
  });

  it("orders rounds, evaluations and attempts by round, refusals as they came, clients by index", async () => {
    const { store } = at();
    await filled(store);
    const all = { from: 0, limit: 100 };
    const rounds = [1, 2, 3, 4, 5];
    expect((await store.getRounds(run, all)).rows).toEqual(rounds.map((round) => roundRow(round)));
    const evaluations = await store.getEvaluations(run, all);
    expect(evaluations.rows.map(({ round }) => round)).toEqual(rounds);
    expect((await store.getAttempts(run, all)).rows.map(({ round }) => round)).toEqual(rounds);
    const refused = (await store.getRefusals(run, all)).rows.map(({ index }) => index);
    expect(refused).toEqual([4, 3, 2, 1, 0]);
    const clients = (await store.getParticipants(run, all)).rows.map(({ client }) => client);
    expect(clients).toEqual(["eve", "bob", "zoe", "ada", "kim"]);
  });

  it.each(lists)("%s knows a run without rows from one that is not there", async (list) => {
    const { store } = at();
    await store.openRun(runRow());
    const place = { from: 0, limit: 10 };
    expect(await store[list](run, place)).toMatchObject({ rows: [], total: 0 });
    await expect(store[list](stranger, place)).rejects.toMatchObject({ code: "run-unknown" });
  });

  it("[ST13] finds runs, the newest first, by status and by a part of name, model or method", async () => {
    const { store } = at();
    const config = (model: string, name: string) => ({ model, method: { name }, nested: [null] });
    const rows = [
      { ...runRow(), id: runId("Alpha"), config: config("mini", "fedavg") },
      { ...runRow(), id: runId("beta"), config: config("MiniLM", "ffa-lora") },
      { ...runRow(), id: runId("gamma_x"), config: config("bert", "ffa-lora") },
    ];
    for (const row of rows) await store.openRun(row);
    const { epoch } = await store.openRun(rows[1]!);
    await store.finishRun(runId("beta"), epoch, { status: "stopped", failure: null });
    const found = async (filter: Parameters<Store["findRuns"]>[0], place?: Place) => {
      const page = await store.findRuns(filter, place ?? { from: 0, limit: 10 });
      return [...page.rows.map(({ id }) => id), page.total];
    };
    expect(await found({})).toEqual(["gamma_x", "beta", "Alpha", 3]);
    expect(await found({}, { from: 1, limit: 1 })).toEqual(["beta", 3]);
    expect(await found({ status: "running" })).toEqual(["gamma_x", "Alpha", 2]);
    expect(await found({ status: "stopped", text: "MINI" })).toEqual(["beta", 1]);
    expect(await found({ text: "mini" })).toEqual(["beta", "Alpha", 2]);
    expect(await found({ text: "lora" })).toEqual(["gamma_x", "beta", 2]);
    expect(await found({ text: "alpha" })).toEqual(["Alpha", 1]);
    expect(await found({ text: "%" })).toEqual([0]);
    expect(await found({ text: "a_x" })).toEqual(["gamma_x", 1]);
  });

  it("tells a run with its sums", async () => {
    const bench = at();
    await filled(bench.store);
    const store = await bench.reopen();
    const sums = { joined: 5, rounds: 5, evaluated: 5, bytesUp: 5 * 2 ** 40, bytesDown: 5 };
    const told = { id: run, configHash: hashOf("a"), status: "running", paused: false, ...sums };
    expect(await store.getRun(run)).toMatchObject({ ...told, endedAt: null, failure: null });
    expect((await store.getRun(run))?.config).toEqual(runRow().config);
    const { epoch } = await store.openRun(runRow());
    const failure = { code: "quorum-missed", message: "nobody came" } as const;
    await store.finishRun(run, epoch, { status: "failed", failure });
    const ended = await store.getRun(run);
    expect(ended).toMatchObject({ ...sums, status: "failed", failure });
    expect(new Date(ended?.endedAt ?? "").toISOString()).toBe(ended?.endedAt);
    expect(await store.getRun(stranger)).toBeNull();
    const alone = { ...runRow(), id: runId("alone") };
    await store.openRun(alone);
    const nothing = { joined: 0, evaluated: null, bytesUp: 0, bytesDown: 0 };
    expect(await store.getRun(alone.id)).toMatchObject(nothing);
  });
}
