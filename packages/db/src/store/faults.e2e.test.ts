import type { Store } from "@fedtune/core";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startDatabase } from "../start.ts";
import type { StartedDatabase } from "../start.ts";
import { playRounds } from "../test-support/play-rounds.ts";
import { proxied, secret } from "../test-support/proxied.ts";
import type { Proxied } from "../test-support/proxied.ts";
import { attemptOf, roundOf, run, runRow, updateOf } from "../test-support/rows.ts";
import { realPostgresBin, realPostgresTitle, startRealPostgres } from "../test-support/servers.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { postgresStore } from "./postgres-store.ts";

const directory = join(temporaryFolder(), "postgres");
let direct: StartedDatabase;
beforeAll(async () => {
  direct = await startDatabase({ url: null, directory });
});
afterAll(() => direct.close());
beforeEach(() => direct.pool.query("TRUNCATE runs CASCADE"));

const played = { rounds: 6, updates: 5 };

/** A run without faults, to compare with. */
async function expectWholeRun(count = played.rounds): Promise<void> {
  const store = postgresStore(direct);
  const history = await store.getHistory(run);
  const rounds = Array.from({ length: count }, (_, i) => i + 1);
  expect(history).toMatchObject({ status: "completed", attempts: rounds.map((r) => attemptOf(r)) });
  expect(history?.rounds.map(({ round }) => round)).toEqual(rounds);
  expect(history?.evaluations.map(({ round }) => round)).toEqual(rounds);
  expect(history?.refusals.map(({ round }) => round)).toEqual(rounds);
  for (const round of rounds) {
    const indices = [0, 1, 2, 3, 4];
    expect(await store.getUpdates(run, round, indices)).toEqual(
      indices.map((index) => updateOf(round, index)),
    );
  }
  const ledger = await direct.pool.query("SELECT round FROM ledger ORDER BY sequence");
  expect(ledger.rows).toEqual(rounds.map((round) => ({ round })));
  expect(await store.getClients(run)).toEqual([{ client: "ada", index: 0 }]);
}

describe("a line that fails", () => {
  let line: Proxied;
  beforeEach(async () => {
    line = await proxied(direct, { queryTimeoutMs: 500, connectTimeoutMs: 500 });
  });
  // The pool's connections may hang: the line ends them.
  const end = async () => {
    line.proxy.silence(false);
    await line.close();
  };

  it.each([19, 29, 41])("[ST15] and is cut at every %ith piece harms no run", async (pieces) => {
    line.proxy.cutEvery(pieces);
    const store = postgresStore(line.database);
    await playRounds(store, played);
    expect(line.proxy.cuts).toBeGreaterThan(5);
    line.proxy.cutEvery(0);
    await end();
    await expectWholeRun();
  });

  it("[ST15] and goes silent in the middle of a transaction is left for another", async () => {
    const store = postgresStore(line.database);
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, attemptOf(1));
    await store.putUpdate(run, epoch, updateOf(1, 0));
    const holder = await direct.pool.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", [run]);
    const closed = { round: 1, attempt: 1, status: "closed", accepted: [0] } as const;
    const ending = store.endAttempt(run, epoch, closed);
    await untilOneWaits(direct);
    line.proxy.silence(true);
    await holder.query("COMMIT");
    holder.release();
    setTimeout(() => line.proxy.silence(false), 1500);
    await ending;
    expect((await store.openRun(runRow)).attempt).toMatchObject({
      status: "closed",
      accepted: [0],
    });
    await end();
  });

  it("[ST15] and stays silent ends in storage-failed, which tells no password", async () => {
    const store = postgresStore(line.database, { retryForMs: 600 });
    await store.openRun(runRow);
    line.proxy.silence(true);
    const failure = await store.openRun(runRow).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "storage-failed", retryable: true });
    expect((failure as Error).message).toMatch(/^Cannot reach the database for 1 s: /);
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(secret);
    await end();
  });

  it("[ST15] and is down at the start is waited for", async () => {
    const { port } = line.proxy;
    await line.close();
    const url = `postgresql://postgres:${secret}@127.0.0.1:${port}/postgres`;
    const options = { url, directory: "", retryForMs: 300 };
    const failure = await startDatabase(options).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "storage-failed" });
    expect((failure as Error).message).toContain("ECONNREFUSED");
    expect(inspect(failure, { depth: 9 })).not.toContain(secret);
  });
});

describe("a server that is killed", () => {
  /** The server's process; 0: there is none just now. */
  const pidOf = (): number => {
    const lock = join(directory, "postmaster.pid");
    return existsSync(lock) ? Number(readFileSync(lock, "utf8").split("\n")[0]) : 0;
  };

  it("[ST14] [ST15] and is our own is started again in the middle of a run", async () => {
    const store = postgresStore(direct);
    const { rounds, updates } = played;
    let isDone = false;
    const playing = playRounds(store, { rounds: 10 * rounds, updates }).finally(() => {
      isDone = true;
    });
    for (let kills = 0; kills < 3; kills++) {
      const [pid, before] = [pidOf(), (await store.getRuns())[0]?.rounds ?? 0];
      process.kill(pid, "SIGKILL");
      await until(() => isDone || (pidOf() !== pid && pidOf() !== 0));
      await untilRound(store, before + 2);
    }
    expect(isDone).toBe(false);
    await playing;
    await expectWholeRun(10 * rounds);
  });

  it("[ST15] and its sessions ended by the administrator harms no run", async () => {
    let isDone = false;
    const playing = playRounds(postgresStore(direct), played).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await direct.pool
        .query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
        )
        .catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await playing;
    await expectWholeRun();
  });
});

describe.skipIf(realPostgresBin === null)(`${realPostgresTitle} that is killed`, () => {
  it("[ST14] [ST15] and comes back harms no run", async () => {
    const server = await startRealPostgres();
    const database = await startDatabase({ url: server.url, directory: "" });
    const store = postgresStore(database);
    const { epoch } = await store.openRun(runRow);
    for (let round = 1; round <= 3; round++) {
      await store.openAttempt(run, epoch, attemptOf(round));
      await store.putUpdate(run, epoch, updateOf(round, 0));
      const end = { round, attempt: 1, status: "closed", accepted: [0] } as const;
      const killed = server.kill();
      const ending = store.endAttempt(run, epoch, end);
      await killed;
      await server.start();
      await ending;
      await store.commitRound(run, epoch, roundOf(round));
    }
    expect((await store.getHistory(run))?.rounds).toEqual([1, 2, 3].map((round) => roundOf(round)));
    expect(await store.getUpdate(run, 3, 0)).toEqual(updateOf(3, 0));
    await database.close();
    await server.stop();
  });
});

async function untilRound(store: Store, round: number): Promise<void> {
  while (((await store.getRuns())[0]?.rounds ?? 0) < round)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function untilOneWaits({ pool }: StartedDatabase): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ waiting: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock') AS waiting`,
    );
    if (rows[0]?.waiting === true) return;
  }
}
