import { memoryBlobs, runId } from "@fedtune/core";
import type { Blobs, Digest } from "@fedtune/core";
import { blobsConformance } from "@fedtune/testkit";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startDatabase } from "../start.ts";
import type { StartedDatabase } from "../start.ts";
import { postgresStore } from "../store/postgres-store.ts";
import {
  bytesOf,
  hashOf,
  roundOf,
  run,
  runRow,
  updateOf,
  attemptOf,
} from "../test-support/rows.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { DELETION_LOCK } from "./names.ts";
import { folderLister, folderReader } from "./folder.ts";
import { recordedBlobs } from "./recorded-blobs.ts";
import { sweepOrphans } from "./sweep.ts";
import type { BlobLister } from "./sweep.ts";

const folder = temporaryFolder();
let database: StartedDatabase;
beforeAll(async () => {
  database = await startDatabase({ url: null, directory: join(folder, "postgres") });
});
afterAll(() => database.close());
beforeEach(() => database.pool.query("TRUNCATE runs, blobs CASCADE"));

blobsConformance("recorded", async () => ({
  blobs: recordedBlobs(memoryBlobs(), database),
  close: async () => {},
}));

const listed = async () =>
  (await database.pool.query<{ hash: string }>("SELECT hash FROM blobs ORDER BY hash")).rows.map(
    ({ hash }) => hash,
  );

const hour = 3_600_000;

/** Makes everything stored so far look so old. */
async function age(ms: number): Promise<void> {
  await database.pool.query("UPDATE blobs SET stored_at = stored_at - $1 * interval '1 ms'", [ms]);
}

/** Blobs in memory that can be listed, with a time that only the test moves. */
function bench() {
  const times = new Map<Digest, { bytes: number; storedAt: number }>();
  const bare = memoryBlobs();
  const now = { at: 100 * hour };
  const blobs: Blobs = {
    ...bare,
    put(bytes, hash) {
      if (!times.has(hash)) times.set(hash, { bytes: bytes.length, storedAt: now.at });
      return bare.put(bytes, hash);
    },
    delete: (hash) => (times.delete(hash), bare.delete(hash)),
  };
  const lister: BlobLister = {
    async *list() {
      for (const [hash, facts] of [...times]) yield { hash, ...facts };
    },
  };
  const sweep = (keep?: ReadonlySet<string>) =>
    sweepOrphans({
      ...{ database, blobs, lister, olderThanMs: hour, now: () => now.at },
      ...(keep === undefined ? {} : { keep }),
    });
  return { blobs, recorded: recordedBlobs(blobs, database), now, times, sweep };
}

describe("recorded blobs", () => {
  it("have their row after their bytes, and lose both", async () => {
    const { recorded, blobs } = bench();
    await recorded.put(bytesOf("a"), hashOf("a"));
    expect(await listed()).toEqual([hashOf("a")]);
    await recorded.delete(hashOf("a"));
    expect([await listed(), await blobs.has(hashOf("a"))]).toEqual([[], false]);
    const full = recordedBlobs(
      { ...blobs, put: () => Promise.reject(new Error("no room")) },
      database,
    );
    await expect(full.put(bytesOf("b"), hashOf("b"))).rejects.toMatchObject({
      code: "storage-failed",
    });
    expect(await listed()).toEqual([]);
  });

  it("keep what another run names", async () => {
    const { blobs } = bench();
    const store = postgresStore(database);
    const { epoch } = await store.openRun(runRow);
    await store.commitRound(run, epoch, roundOf(1));
    const ours = recordedBlobs(blobs, database, { run });
    const theirs = recordedBlobs(blobs, database, { run: runId("other") });
    const state = hashOf("state 1");
    await ours.put(bytesOf("state 1"), state);
    await theirs.delete(state);
    expect([await listed(), await blobs.has(state)]).toEqual([[state], true]);
    await ours.delete(state);
    expect([await listed(), await blobs.has(state)]).toEqual([[], false]);
  });

  it("[ST16] are not deleted while a backup is made, but after it", async () => {
    const { recorded, blobs } = bench();
    for (const name of ["a", "b"]) await recorded.put(bytesOf(name), hashOf(name));
    const backing = await database.pool.connect();
    await backing.query("SELECT pg_advisory_lock($1)", [DELETION_LOCK]);
    await recorded.delete(hashOf("a"));
    expect(await blobs.has(hashOf("a"))).toBe(true);
    await backing.query("SELECT pg_advisory_unlock($1)", [DELETION_LOCK]);
    backing.release();
    await recorded.delete(hashOf("b"));
    expect([await blobs.has(hashOf("a")), await blobs.has(hashOf("b"))]).toEqual([false, false]);
    expect(await listed()).toEqual([]);
  });
});

describe("sweeping", () => {
  it("[ST17] deletes what nothing names, and no more", async () => {
    const { recorded, blobs, now, sweep } = bench();
    const store = postgresStore(database);
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, attemptOf(1));
    await store.putUpdate(run, epoch, updateOf(1, 0));
    await store.endAttempt(run, epoch, { round: 1, attempt: 1, status: "closed", accepted: [0] });
    await store.commitRound(run, epoch, roundOf(1));
    const named = ["update 1/0", "state 1", "model 1"];
    for (const name of [...named, "orphan"]) await recorded.put(bytesOf(name), hashOf(name));
    await blobs.put(bytesOf("no row"), hashOf("no row"));
    await blobs.put(bytesOf("kept"), hashOf("kept"));
    await database.pool.query("INSERT INTO blobs (hash, bytes) VALUES ($1, 3)", [hashOf("lost")]);
    now.at += 2 * hour;
    await age(2 * hour);
    const keep = new Set([hashOf("kept")]);
    expect(await sweep(keep)).toEqual({ blobs: 3, bytes: 12 });
    for (const name of [...named, "kept"]) expect(await blobs.has(hashOf(name))).toBe(true);
    for (const name of ["orphan", "no row"]) expect(await blobs.has(hashOf(name))).toBe(false);
    expect(await listed()).toEqual(named.map(hashOf).sort());
    expect(await sweep(keep)).toEqual({ blobs: 0, bytes: 0 });
    await store.deleteRun(run);
    expect(await sweep()).toMatchObject({ blobs: 4 });
    expect(await listed()).toEqual([]);
  });

  it("[ST17] leaves what is young, by its bytes or by its row", async () => {
    const { recorded, blobs, now, sweep } = bench();
    await recorded.put(bytesOf("old bytes"), hashOf("old bytes"));
    await blobs.put(bytesOf("bare"), hashOf("bare"));
    expect(await sweep()).toEqual({ blobs: 0, bytes: 0 });
    now.at += 2 * hour;
    await age(2 * hour);
    // Stored again: the bytes were there, the row says that it was now.
    await recorded.put(bytesOf("old bytes"), hashOf("old bytes"));
    expect(await sweep()).toEqual({ blobs: 1, bytes: 4 });
    expect(await blobs.has(hashOf("old bytes"))).toBe(true);
  });

  it("[ST17] never takes the bytes of who stores them at the same time", async () => {
    const { recorded, blobs, now, sweep } = bench();
    for (let time = 0; time < 20; time++) {
      await recorded.put(bytesOf("state"), hashOf("state"));
      now.at += 2 * hour;
      await age(2 * hour);
      await Promise.all([sweep(), recorded.put(bytesOf("state"), hashOf("state")), sweep()]);
      expect(await listed()).toEqual([hashOf("state")]);
      expect(await blobs.has(hashOf("state"))).toBe(true);
    }
  });

  it("[ST16] [ST17] sweeps nothing while a backup is made", async () => {
    const { recorded, now, sweep } = bench();
    await recorded.put(bytesOf("a"), hashOf("a"));
    now.at += 2 * hour;
    await age(2 * hour);
    const backing = await database.pool.connect();
    await backing.query("SELECT pg_advisory_lock($1)", [DELETION_LOCK]);
    expect(await sweep()).toEqual({ blobs: 0, bytes: 0 });
    await backing.query("SELECT pg_advisory_unlock($1)", [DELETION_LOCK]);
    backing.release();
    expect(await sweep()).toEqual({ blobs: 1, bytes: 1 });
  });
});

describe("a folder of blobs", () => {
  it("[ST17] is listed with sizes and times, and read without being changed", async () => {
    const directory = join(folder, "blobs");
    const lister = folderLister(directory);
    const all = async () => {
      const found = [];
      for await (const blob of lister.list()) found.push(blob);
      return found;
    };
    expect(await all()).toEqual([]);
    const hash = hashOf("a");
    const path = join(directory, hash.slice(0, 2), hash);
    mkdirSync(join(directory, hash.slice(0, 2)), { recursive: true });
    mkdirSync(join(directory, "drafts"));
    writeFileSync(join(directory, "drafts", "half"), "hal");
    writeFileSync(path, "a");
    utimesSync(path, 1000, 1000);
    expect(await all()).toEqual([{ hash, bytes: 1, storedAt: 1_000_000 }]);
    const reader = folderReader(directory);
    expect([...(await reader.get(hash))]).toEqual([97]);
    await expect(reader.get(hashOf("b"))).rejects.toMatchObject({ code: "blob-missing" });
    expect([await reader.has(hash), await reader.has(hashOf("b"))]).toEqual([true, false]);
  });
});
