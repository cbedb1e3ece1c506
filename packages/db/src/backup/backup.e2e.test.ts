import { memoryBlobs } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordedBlobs } from "../blobs/recorded-blobs.ts";
import type { Database } from "../client.ts";
import { startDatabase } from "../start.ts";
import type { StartedDatabase } from "../start.ts";
import { postgresStore } from "../store/postgres-store.ts";
import { fillEveryTable } from "../test-support/fill.ts";
import { playRounds } from "../test-support/play-rounds.ts";
import { bytesOf, hashOf, roundOf, run, runRow } from "../test-support/rows.ts";
import { realPostgresBin, realPostgresTitle, startRealPostgres } from "../test-support/servers.ts";
import type { RealPostgres } from "../test-support/servers.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { backup } from "./backup.ts";
import { blobFile } from "./manifest.ts";
import { restore, RESTORED_EPOCH_STEP } from "./restore.ts";
import { tableNames } from "./tables.ts";

const folder = temporaryFolder();
let count = 0;
const fresh = () => join(folder, String(++count));

let embedded: StartedDatabase;
let blobs: Blobs;
beforeAll(async () => {
  embedded = await startDatabase({ url: null, directory: join(folder, "postgres") });
});
afterAll(() => embedded.close());
beforeEach(() => empty(embedded));

async function empty({ pool }: Database): Promise<void> {
  await pool.query(`TRUNCATE ${(await tableNames(pool)).join(", ")} RESTART IDENTITY`);
  blobs = memoryBlobs();
}

/** Every row of every table, as text. */
async function allRows({ pool }: Database): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const name of await tableNames(pool)) {
    const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    tables[name] = rows.map(({ row }) => row).sort();
  }
  return tables;
}

/** A database with rows in every table, and the blobs that they name. */
async function fill(database: Database): Promise<void> {
  await playRounds(postgresStore(database), { rounds: 3, updates: 2 });
  await fillEveryTable(database);
  const recorded = recordedBlobs(blobs, database);
  for (const round of [1, 2, 3]) {
    for (const name of [`state ${round}`, `model ${round}`, `update ${round}/0`]) {
      await recorded.put(bytesOf(name), hashOf(name));
    }
  }
  // Named, but never listed; and superseded, so gone.
  await blobs.put(bytesOf("update 1/1"), hashOf("update 1/1"));
  await recorded.delete(hashOf("state 1"));
}

async function expectRestored(from: Database, to: Database): Promise<void> {
  const before = await allRows(from);
  expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([]);
  const path = fresh();
  const { manifest, missing } = await backup({ database: from, blobs, to: path });
  expect([manifest.blobs.count, missing]).toEqual([9, []]);
  const restored = memoryBlobs();
  await restore({ from: path, database: to, blobs: restored });
  await to.pool.query("UPDATE runs SET epoch = epoch - $1", [RESTORED_EPOCH_STEP]);
  expect(await allRows(to)).toEqual(before);
  for (const name of ["state 3", "model 1", "update 1/0", "update 1/1"]) {
    expect([...(await restored.get(hashOf(name)))]).toEqual([...bytesOf(name)]);
  }
  expect(await restored.has(hashOf("state 1"))).toBe(false);
}

describe("a backup", () => {
  it("[ST16] gives every row and every blob back", async () => {
    const other = await startDatabase({ url: null, directory: join(fresh(), "postgres") });
    await fill(embedded);
    await expectRestored(embedded, other);
    await other.close();
  });

  it("[ST16] fences the coordinator that lived on", async () => {
    const store = postgresStore(embedded);
    const { epoch } = await store.openRun(runRow);
    await store.commitRound(run, epoch, roundOf(1));
    const path = fresh();
    await backup({ database: embedded, blobs, to: path });
    await store.openRun(runRow);
    await empty(embedded);
    await restore({ from: path, database: embedded, blobs });
    for (const old of [epoch, epoch + 1]) {
      const late = store.commitRound(run, old, roundOf(2));
      await expect(late).rejects.toMatchObject({ code: "stale-epoch" });
    }
    const taken = await store.openRun(runRow);
    expect(taken).toMatchObject({ epoch: epoch + RESTORED_EPOCH_STEP + 1, last: roundOf(1) });
    await store.commitRound(run, taken.epoch, roundOf(2));
  });

  it("[ST16] is of one instant, whatever is written meanwhile", async () => {
    const store = postgresStore(embedded);
    const playing = playRounds(store, { rounds: 30, updates: 3 });
    while (((await store.getRuns())[0]?.rounds ?? 0) < 5);
    const path = fresh();
    await backup({ database: embedded, blobs, to: path });
    await playing;
    await empty(embedded);
    await restore({ from: path, database: embedded, blobs });
    const { last, attempt } = await store.openRun(runRow);
    const { rows } = await embedded.pool.query("SELECT max(round) AS round FROM ledger");
    expect(rows).toEqual([{ round: last?.round }]);
    expect([null, (last?.round ?? 0) + 1]).toContain(attempt?.round ?? null);
    expect((await store.getHistory(run))?.rounds).toHaveLength(last?.round ?? -1);
  });

  it("[ST16] tells which blobs are listed but gone", async () => {
    await recordedBlobs(blobs, embedded).put(bytesOf("a"), hashOf("a"));
    const { missing, manifest } = await backup({
      ...{ database: embedded, blobs: memoryBlobs(), to: fresh() },
    });
    expect([missing, manifest.blobs.count]).toEqual([[hashOf("a")], 0]);
  });

  it("[ST16] refuses bytes that are not what they are called", async () => {
    await recordedBlobs(blobs, embedded).put(bytesOf("a"), hashOf("b"));
    const path = fresh();
    await expect(backup({ database: embedded, blobs, to: path })).rejects.toMatchObject({
      code: "blob-corrupt",
    });
    await expect(restore({ from: path, database: embedded, blobs })).rejects.toMatchObject({
      code: "file-missing",
    });
  });

  it("[ST16] is written into an empty folder only", async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, "other"), "");
    await expect(backup({ database: embedded, blobs, to: path })).rejects.toMatchObject({
      code: "config-conflict",
    });
  });
});

describe("restoring", () => {
  it("[ST16] refuses a database that is not empty, and changes nothing", async () => {
    await fill(embedded);
    const path = fresh();
    await backup({ database: embedded, blobs, to: path });
    const before = await allRows(embedded);
    await expect(restore({ from: path, database: embedded, blobs })).rejects.toMatchObject({
      code: "config-conflict",
      message: expect.stringContaining("is not empty") as string,
    });
    expect(await allRows(embedded)).toEqual(before);
  });

  const damages: readonly [string, (path: string) => void][] = [
    ["a table", (path) => appendFileSync(join(path, "tables/runs.jsonl"), "{}\n")],
    ["a blob", (path) => writeFileSync(join(path, blobFile(hashOf("state 3"))), "state 4")],
    ["the list of blobs", (path) => writeFileSync(join(path, "blobs.jsonl"), "")],
    [
      "the manifest",
      (path) => {
        const file = join(path, "manifest.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"version": 1', '"version": 2'));
      },
    ],
  ];
  it.each(damages)("[ST16] refuses a backup whose file for %s was changed", async (_, damage) => {
    await fill(embedded);
    const path = fresh();
    await backup({ database: embedded, blobs, to: path });
    damage(path);
    await empty(embedded);
    await expect(restore({ from: path, database: embedded, blobs })).rejects.toMatchObject({
      code: "data-invalid",
    });
    expect(Object.values(await allRows(embedded)).flat()).toEqual([]);
    expect(await blobs.has(hashOf("state 3"))).toBe(false);
    expect(existsSync(path)).toBe(true);
  });
});

describe.skipIf(realPostgresBin === null)(`with ${realPostgresTitle}`, () => {
  let server: RealPostgres;
  let real: StartedDatabase;
  beforeAll(async () => {
    server = await startRealPostgres();
    real = await startDatabase({ url: server.url, directory: "" });
  });
  afterAll(async () => {
    await real.close();
    await server.stop();
  });
  beforeEach(() => empty(real));

  it("[ST16] moves from it to the embedded one", async () => {
    await fill(real);
    await expectRestored(real, embedded);
  });

  it("[ST16] moves from the embedded one to it", async () => {
    await fill(embedded);
    await expectRestored(embedded, real);
  });
});
