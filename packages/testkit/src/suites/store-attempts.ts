/** What stores must do with attempts at a round: what is accepted stays, what is frozen does not change. */
import { clientId } from "@fedtune/core";
import type { Store } from "@fedtune/core";
import { expect, it } from "vitest";
import type { StoreBench } from "./store.ts";
import { attemptRow, hashOf, refusalRow, roundRow, run, runRow, updateRow } from "./store-rows.ts";

/** Opens the run with its first attempt; returns the epoch. */
export async function openFirst(store: Store): Promise<number> {
  const { epoch } = await store.openRun(runRow());
  await store.openAttempt(run, epoch, attemptRow());
  return epoch;
}

const closed = { round: 1, attempt: 1, status: "closed" } as const;
const abandoned = {
  round: 1,
  attempt: 1,
  status: "abandoned",
  code: "quorum-missed",
  message: "one of two",
} as const;

export function attemptRules(at: () => StoreBench): void {
  it("[ST12] a later process finds the attempt as it was left", async () => {
    const bench = at();
    const epoch = await openFirst(bench.store);
    await bench.store.putUpdate(run, epoch, updateRow(3));
    await bench.store.putUpdate(run, epoch, updateRow(1));
    await bench.store.putRefusal(run, epoch, refusalRow(2));
    const { attempt } = await (await bench.reopen()).openRun(runRow());
    expect(attempt).toEqual({
      ...attemptRow(),
      ...{ updates: [updateRow(1), updateRow(3)], refusals: [refusalRow(2)] },
      ...{ status: "open", accepted: null, ageMs: expect.any(Number) as number },
    });
  });

  it("[ST12] finds no attempt before the first, and none after a commit", async () => {
    const { store } = at();
    expect((await store.openRun(runRow())).attempt).toBeNull();
    const epoch = await openFirst(store);
    await store.endAttempt(run, epoch, { ...closed, accepted: [] });
    await store.commitRound(run, epoch, roundRow(1));
    const later = await store.openRun(runRow());
    expect(later).toMatchObject({ attempt: null, last: { round: 1 } });
  });

  it("[ST10] a closed attempt takes no update any more, and keeps those it was closed with", async () => {
    const bench = at();
    const epoch = await openFirst(bench.store);
    for (const index of [0, 1, 2]) await bench.store.putUpdate(run, epoch, updateRow(index));
    await bench.store.endAttempt(run, epoch, { ...closed, accepted: [0, 2] });
    expect(await bench.store.putUpdate(run, epoch, updateRow(3))).toBe("closed");
    expect(await bench.store.getUpdate(run, 1, 1)).toBeNull();
    const { attempt } = await (await bench.reopen()).openRun(runRow());
    expect(attempt).toMatchObject({
      ...{ status: "closed", accepted: [0, 2], updates: [updateRow(0), updateRow(2)] },
    });
  });

  it("[ST2] an update keeps the round that it was trained from, where that is not the one before", async () => {
    const bench = at();
    const epoch = await openFirst(bench.store);
    await bench.store.putUpdate(run, epoch, updateRow(0, { base: 0 }));
    const { attempt } = await (await bench.reopen()).openRun(runRow());
    expect(attempt?.updates).toEqual([updateRow(0, { base: 0 })]);
  });

  it("[ST10] an update for an attempt that is not the latest is not stored", async () => {
    const { store } = at();
    const epoch = await openFirst(store);
    await store.endAttempt(run, epoch, { ...abandoned, accepted: [] });
    expect(await store.putUpdate(run, epoch, updateRow(1))).toBe("closed");
    await store.openAttempt(run, epoch, attemptRow(2));
    expect(await store.putUpdate(run, epoch, updateRow(1))).toBe("closed");
    expect(await store.putUpdate(run, epoch, updateRow(1, { attempt: 2 }))).toBe("stored");
  });

  it("[ST10] an abandoned attempt leaves its accepted updates to the next one", async () => {
    const bench = at();
    const { store } = bench;
    const epoch = await openFirst(store);
    for (const index of [0, 1]) await store.putUpdate(run, epoch, updateRow(index));
    await store.endAttempt(run, epoch, { ...abandoned, accepted: [0] });
    await store.openAttempt(run, epoch, attemptRow(2, { cohort: [1, 2] }));
    await store.putUpdate(run, epoch, updateRow(2, { attempt: 2 }));
    const { attempt } = await (await bench.reopen()).openRun(runRow());
    expect(attempt).toMatchObject({
      ...{ attempt: 2, status: "open", updates: [updateRow(0), updateRow(2, { attempt: 2 })] },
    });
    const other = updateRow(0, { attempt: 2, blob: { hash: hashOf("f"), bytes: 1 } });
    const { epoch: now } = await store.openRun(runRow());
    expect(await store.putUpdate(run, now, other)).toBe("conflict");
    expect(await store.putUpdate(run, now, updateRow(0, { attempt: 2 }))).toBe("same");
  });

  it("[ST10] what was closed can still be given up; what was given up stays so", async () => {
    const { store } = at();
    const epoch = await openFirst(store);
    await store.putUpdate(run, epoch, updateRow(0));
    await store.endAttempt(run, epoch, { ...closed, accepted: [0] });
    await store.endAttempt(run, epoch, { ...abandoned, accepted: [0] });
    await expect(store.endAttempt(run, epoch, { ...closed, accepted: [0] })).rejects.toMatchObject({
      code: "wrong-round",
    });
    expect((await store.openRun(runRow())).attempt?.status).toBe("abandoned");
  });

  it.each([
    ["with a gap", attemptRow(3)],
    ["of a later round", attemptRow(1, { round: 2 })],
    ["of a round that is over", attemptRow(1, { round: 0 })],
  ])("[ST3] opens no attempt %s", async (_, row) => {
    const { store } = at();
    const epoch = await openFirst(store);
    await expect(store.openAttempt(run, epoch, row)).rejects.toMatchObject({ code: "wrong-round" });
    expect((await store.getHistory(run))?.attempts).toEqual([attemptRow()]);
  });

  it("[ST8] tells who has enrolled, in order", async () => {
    const bench = at();
    await bench.store.openRun(runRow());
    const roster = ["ada", "bob"];
    await bench.store.enrol(run, clientId("bob"), { roster });
    await bench.store.enrol(run, clientId("ada"), { roster });
    expect(await (await bench.reopen()).getClients(run)).toEqual([
      { client: "ada", index: 0 },
      { client: "bob", index: 1 },
    ]);
  });
}
