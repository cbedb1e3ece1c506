/** What every store of a coordinator must do alike. */
import { clientId, runId } from "@fedtune/core";
import type { Store } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptRules, openFirst } from "./store-attempts.ts";
import { lookRules } from "./store-looks.ts";
import { pageRules } from "./store-pages.ts";
import { attemptRow, hashOf, refusalRow, roundRow, run, runRow, updateRow } from "./store-rows.ts";

/** An implementation with its end. */
export interface StoreBench {
  readonly store: Store;
  /** Another store over the same data, as a later process would open it. */
  reopen(): Promise<Store>;
  close(): Promise<void>;
}

/** Holds a store to the contract of the port. */
export function storeConformance(name: string, open: () => Promise<StoreBench>): void {
  describe(`${name} store`, () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());
    ownershipRules(() => bench);
    clientRules(() => bench);
    attemptRules(() => bench);
    roundRules(() => bench);
    pageRules(() => bench);
    lookRules(() => bench);
  });
}

function ownershipRules(at: () => StoreBench): void {
  it("[ST6] hands out a greater epoch at each opening", async () => {
    const { store } = at();
    const first = await store.openRun(runRow());
    expect(first.last).toBeNull();
    const second = await store.openRun(runRow());
    expect(second.epoch).toBeGreaterThan(first.epoch);
  });

  it("[ST6] refuses every write of an older epoch and changes nothing", async () => {
    const { store } = at();
    const { epoch } = await store.openRun(runRow());
    const owner = await store.openRun(runRow());
    const stale = { code: "stale-epoch" };
    await expect(store.openAttempt(run, epoch, attemptRow())).rejects.toMatchObject(stale);
    await expect(store.putRefusal(run, epoch, refusalRow(0))).rejects.toMatchObject(stale);
    await expect(store.setPaused(run, epoch, true)).rejects.toMatchObject(stale);
    const end = { round: 1, attempt: 1, accepted: [], status: "closed" } as const;
    await expect(store.endAttempt(run, epoch, end)).rejects.toMatchObject(stale);
    await expect(store.putUpdate(run, epoch, updateRow(0))).rejects.toMatchObject(stale);
    await expect(store.commitRound(run, epoch, roundRow(1))).rejects.toMatchObject(stale);
    await expect(
      store.putEvaluation(run, epoch, { round: 0, metrics: {}, traffic: null }),
    ).rejects.toMatchObject(stale);
    await expect(
      store.finishRun(run, epoch, { status: "completed", failure: null }),
    ).rejects.toMatchObject(stale);
    const history = await store.getHistory(run);
    expect(history).toMatchObject({ status: "running", rounds: [], evaluations: [], attempts: [] });
    expect(await store.getUpdate(run, 1, 0)).toBeNull();
    await store.commitRound(run, owner.epoch, roundRow(1));
  });

  it("[ST6] refuses to open a run with another config", async () => {
    const { store } = at();
    const { epoch } = await store.openRun(runRow());
    const other = runRow(hashOf("f"));
    await expect(store.openRun(other)).rejects.toMatchObject({ code: "config-conflict" });
    await store.commitRound(run, epoch, roundRow(1));
  });

  it("[ST2] has no history of a run that it does not know, and no rows", async () => {
    const { store } = at();
    const stranger = runId("stranger");
    expect(await store.getHistory(stranger)).toBeNull();
    await expect(store.enrol(stranger, clientId("ada"), { roster: null })).rejects.toMatchObject({
      code: "run-unknown",
    });
    await expect(store.commitRound(stranger, 1, roundRow(1))).rejects.toMatchObject({
      code: "run-unknown",
    });
  });
}

function clientRules(at: () => StoreBench): void {
  it("[ST8] gives clients the next index, and the same one at every enrolment", async () => {
    const bench = at();
    const { store } = bench;
    await store.openRun(runRow());
    expect(await store.enrol(run, clientId("ada"), { roster: null })).toBe(0);
    expect(await store.enrol(run, clientId("bob"), { roster: null })).toBe(1);
    const later = await bench.reopen();
    expect(await later.enrol(run, clientId("ada"), { roster: null })).toBe(0);
    expect(await later.enrol(run, clientId("eve"), { roster: null })).toBe(2);
  });

  it("[ST8] gives every client its own index when all come at once", async () => {
    const { store } = at();
    await store.openRun(runRow());
    const names = Array.from({ length: 20 }, (_, i) => clientId(`c${i % 10}`));
    const indices = await Promise.all(
      names.map((name) => store.enrol(run, name, { roster: null })),
    );
    expect([...new Set(indices)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(indices.slice(10)).toEqual(indices.slice(0, 10));
  });

  it("[ST8] takes the index from the roster, and nobody beyond it", async () => {
    const { store } = at();
    await store.openRun(runRow());
    const roster = ["ada", "bob"];
    expect(await store.enrol(run, clientId("bob"), { roster })).toBe(1);
    expect(await store.enrol(run, clientId("ada"), { roster })).toBe(0);
    await expect(store.enrol(run, clientId("eve"), { roster })).rejects.toMatchObject({
      code: "unknown-client",
    });
  });

  it("[ST9] keeps one update per round and participant", async () => {
    const { store } = at();
    const epoch = await openFirst(store);
    expect(await store.putUpdate(run, epoch, updateRow(1))).toBe("stored");
    expect(await store.putUpdate(run, epoch, updateRow(1))).toBe("same");
    const other = updateRow(1, { blob: { hash: hashOf("e"), bytes: 3 } });
    expect(await store.putUpdate(run, epoch, other)).toBe("conflict");
    expect(await store.getUpdate(run, 1, 1)).toEqual(updateRow(1));
    const later = { round: 1, attempt: 1, accepted: [1], status: "closed" } as const;
    await store.endAttempt(run, epoch, later);
    await store.commitRound(run, epoch, roundRow(1));
    await store.openAttempt(run, epoch, attemptRow(1, { round: 2 }));
    expect(await store.putUpdate(run, epoch, { ...other, round: 2 })).toBe("stored");
    expect(await store.getUpdate(run, 1, 1)).toEqual(updateRow(1));
  });

  it("[ST9] gives updates in the order that is asked for, and leaves out what it lacks", async () => {
    const bench = at();
    const epoch = await openFirst(bench.store);
    for (const index of [0, 1, 2]) await bench.store.putUpdate(run, epoch, updateRow(index));
    const later = await bench.reopen();
    const rows = await later.getUpdates(run, 1, [2, 7, 0]);
    expect(rows).toEqual([updateRow(2), updateRow(0)]);
    expect(await later.getUpdates(run, 2, [0])).toEqual([]);
    expect(await later.getUpdate(run, 1, 7)).toBeNull();
  });
}

function roundRules(at: () => StoreBench): void {
  it("[ST1] [ST2] reads back a committed round bit for bit, in a later process too", async () => {
    const bench = at();
    const { epoch } = await bench.store.openRun(runRow());
    await bench.store.commitRound(run, epoch, roundRow(1));
    await bench.store.commitRound(run, epoch, roundRow(2, { refusals: {}, accepted: [] }));
    const later = await bench.reopen();
    expect(await later.getRound(run, 1)).toEqual(roundRow(1));
    expect(await later.getRound(run, 3)).toBeNull();
    const { last } = await later.openRun(runRow());
    expect(last).toEqual(roundRow(2, { refusals: {}, accepted: [] }));
  });

  it("[ST11] repeating a write with what it has written changes nothing", async () => {
    const { store } = at();
    const epoch = await openFirst(store);
    const end = { round: 1, attempt: 1, accepted: [], status: "closed" } as const;
    const row = { round: 0, metrics: { loss: 0.7 }, traffic: null };
    for (let time = 0; time < 2; time++) {
      await store.putEvaluation(run, epoch, row);
      await store.openAttempt(run, epoch, attemptRow());
      await store.putRefusal(run, epoch, refusalRow(0));
      await store.endAttempt(run, epoch, end);
    }
    await store.putEvaluation(run, epoch, { ...row, metrics: { loss: 9 } });
    for (let time = 0; time < 2; time++) await store.commitRound(run, epoch, roundRow(1));
    const history = await store.getHistory(run);
    expect(history).toMatchObject({
      ...{ rounds: [roundRow(1)], evaluations: [row], attempts: [attemptRow()] },
      refusals: [refusalRow(0)],
    });
  });

  it("[ST13] lists runs, the oldest first, and forgets a deleted one with its rows", async () => {
    const bench = at();
    const { store } = bench;
    const other = { ...runRow(), id: runId("other") };
    const { epoch } = await store.openRun(runRow());
    await store.openRun(other);
    await store.enrol(run, clientId("ada"), { roster: null });
    await store.commitRound(run, epoch, roundRow(1));
    await store.setPaused(run, epoch, true);
    const head = { configHash: hashOf("a"), status: "running" };
    expect(await (await bench.reopen()).getRuns()).toMatchObject([
      { ...head, id: run, paused: true, rounds: 1 },
      { ...head, id: other.id, paused: false, rounds: 0 },
    ]);
    const [first] = await store.getRuns();
    expect(new Date(first?.createdAt ?? "").toISOString()).toBe(first?.createdAt);
    await store.deleteRun(run);
    await store.deleteRun(run);
    expect((await store.getRuns()).map(({ id }) => id)).toEqual([other.id]);
    expect(await store.getHistory(run)).toBeNull();
    const anew = await store.openRun(runRow(hashOf("f")));
    expect(anew).toMatchObject({ last: null, attempt: null, evaluations: [], paused: false });
    expect(await store.enrol(run, clientId("bob"), { roster: null })).toBe(0);
  });

  it("[ST12] tells a later process how the run ended, or that it stands still", async () => {
    const bench = at();
    const { epoch } = await bench.store.openRun(runRow());
    await bench.store.setPaused(run, epoch, true);
    const later = await bench.reopen();
    const paused = await later.openRun(runRow());
    expect(paused).toMatchObject({ paused: true, end: null });
    const end = { status: "stopped", failure: null } as const;
    await later.finishRun(run, paused.epoch, end);
    await later.finishRun(run, paused.epoch, end);
    expect(await later.openRun(runRow())).toMatchObject({ end });
  });

  it.each([
    ["twice", 1],
    ["with a gap", 3],
    ["before the first", 0],
  ])("[ST3] refuses to commit a round %s, and keeps what it has", async (_, round) => {
    const { store } = at();
    const { epoch } = await store.openRun(runRow());
    await store.commitRound(run, epoch, roundRow(1));
    const row = roundRow(round, { sampled: 99 });
    await expect(store.commitRound(run, epoch, row)).rejects.toMatchObject({ code: "wrong-round" });
    expect((await store.getHistory(run))?.rounds).toEqual([roundRow(1)]);
    await store.commitRound(run, epoch, roundRow(2));
  });

  it("[ST2] tells the whole history of a run", async () => {
    const bench = at();
    const { store } = bench;
    const { epoch } = await store.openRun(runRow());
    await store.putEvaluation(run, epoch, { round: 0, metrics: { loss: 0.7 }, traffic: null });
    await store.openAttempt(run, epoch, attemptRow(1, { cohort: [0, 1] }));
    await store.putRefusal(run, epoch, refusalRow(0));
    const given = { round: 1, attempt: 1, accepted: [], code: "timeout", message: "late" } as const;
    await store.endAttempt(run, epoch, { ...given, status: "abandoned" });
    await store.openAttempt(run, epoch, attemptRow(2, { cohort: [1, 2] }));
    await store.commitRound(run, epoch, roundRow(1));
    const failure = { code: "quorum-missed", message: "Cannot finish round 2" } as const;
    await store.finishRun(run, epoch, { status: "failed", failure });
    const later = await bench.reopen();
    expect(await later.getHistory(run)).toEqual({
      run: runRow(),
      status: "failed",
      failure,
      rounds: [roundRow(1)],
      evaluations: [{ round: 0, metrics: { loss: 0.7 }, traffic: null }],
      attempts: [attemptRow(1, { cohort: [0, 1] }), attemptRow(2, { cohort: [1, 2] })],
      refusals: [refusalRow(0)],
    });
  });
}
