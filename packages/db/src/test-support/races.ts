/** What must hold when writers come at once. */
import { clientId } from "@fedtune/core";
import type { Store } from "@fedtune/core";
import { expect, it } from "vitest";
import type { Database } from "../client.ts";
import { postgresStore } from "../store/postgres-store.ts";
import { attemptOf, roundOf, run, runRow, updateOf } from "./rows.ts";

const indices = Array.from({ length: 100 }, (_, index) => index);

export function races(open: () => Promise<Store>, database: () => Database): void {
  it("[ST10] what is stored while an attempt closes is there if it was accepted, and gone if not", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    for (const round of [1, 2, 3]) {
      await store.openAttempt(run, epoch, attemptOf(round));
      const accepted = indices.filter((index) => index % 2 === 0);
      const puts = indices.map((index) => store.putUpdate(run, epoch, updateOf(round, index)));
      await puts[20 * round];
      await store.endAttempt(run, epoch, { round, attempt: 1, status: "closed", accepted });
      const frozen = (await store.getUpdates(run, round, indices)).map(({ index }) => index);
      const outcomes = await Promise.all(puts);
      expect(outcomes).toContain("stored");
      const kept = accepted.filter((index) => outcomes[index] === "stored");
      expect(frozen).toEqual(kept);
      expect(await store.getUpdates(run, round, indices)).toEqual(
        kept.map((index) => updateOf(round, index)),
      );
      await store.commitRound(run, epoch, roundOf(round));
    }
  });

  it("[ST9] of different updates of one client that come at once one is stored, and told so once", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, attemptOf(1));
    const first = updateOf(1, 0);
    const other = { ...first, blob: updateOf(1, 1).blob };
    const late = { ...updateOf(1, 2), attempt: 2 };
    const puts = [first, other, first, updateOf(1, 7), late, other];
    const outcomes = await Promise.all(puts.map((put) => store.putUpdate(run, epoch, put)));
    expect(outcomes).toEqual(["stored", "conflict", "same", "stored", "closed", "conflict"]);
    expect(await store.getUpdates(run, 1, [0, 7])).toEqual([first, updateOf(1, 7)]);
  });

  it("[ST6] of many that take a run over at once, one can write, and nothing of the others comes after", async () => {
    const store = await open();
    const owners = await Promise.all(indices.slice(0, 10).map(() => store.openRun(runRow)));
    const epochs = owners.map(({ epoch }) => epoch).sort((a, b) => a - b);
    expect(epochs).toEqual(indices.slice(1, 11));
    const commits = await Promise.allSettled(
      epochs.map((epoch) => store.commitRound(run, epoch, roundOf(1, { sampled: epoch }))),
    );
    expect(commits.map(({ status }) => status)).toEqual([
      ...epochs.slice(1).map(() => "rejected"),
      "fulfilled",
    ]);
    expect((await store.getHistory(run))?.rounds).toEqual([roundOf(1, { sampled: 10 })]);
  });

  it("[ST6] a write that waited while the run was taken over changes nothing", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, attemptOf(1));
    const holder = await database().pool.connect();
    await holder.query("BEGIN");
    await holder.query("UPDATE runs SET epoch = epoch + 1 WHERE id = $1", [run]);
    const writes = [
      store.putUpdate(run, epoch, updateOf(1, 0)),
      store.openAttempt(run, epoch, attemptOf(1, 2)),
      store.endAttempt(run, epoch, { round: 1, attempt: 1, status: "closed", accepted: [] }),
      store.commitRound(run, epoch, roundOf(1)),
      store.setPaused(run, epoch, true),
    ];
    const settled = Promise.allSettled(writes);
    await waitingFor(holder, writes.length);
    await holder.query("COMMIT");
    holder.release();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ reason: { code: "stale-epoch" } });
    }
    const taken = await store.openRun(runRow);
    expect(taken).toMatchObject({
      paused: false,
      last: null,
      attempt: { attempt: 1, updates: [] },
    });
  });

  it("[ST8] deals out indices without gap or double, to the clients of several processes", async () => {
    const store = await open();
    await store.openRun(runRow);
    const stores = [store, postgresStore(database())];
    const names = Array.from({ length: 60 }, (_, i) => clientId(`client-${i % 20}`));
    const dealt = await Promise.all(
      names.map((name, i) => stores[i % 2]!.enrol(run, name, { roster: null })),
    );
    expect([...new Set(dealt)].sort((a, b) => a - b)).toEqual(indices.slice(0, 20));
    expect(dealt.slice(20, 40)).toEqual(dealt.slice(0, 20));
  });
}

interface Connection {
  query(text: string): Promise<{ readonly rows: readonly { readonly count: number }[] }>;
}

/** Until so many others wait for a lock. */
async function waitingFor(connection: Connection, wanted: number): Promise<void> {
  for (;;) {
    const { rows } = await connection.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.count ?? 0) >= wanted) return;
  }
}
