import { digest, runId } from "@fedtune/core";
import { postgresStore, recordedBlobs, startDatabase } from "@fedtune/db";
import { nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs } from "@fedtune/server";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { callMain } from "../test-support/capture.ts";
import type { DatabaseStatus } from "./db-status.ts";

const folder = mkdtempSync(join(tmpdir(), "fedtune-cli-db-"));
const dataDir = join(folder, "data");
const run = runId("night-shift");
const bytes = new TextEncoder().encode("an adapter");
const hash = nodeHash.sha256(bytes);

const db = (...argv: readonly string[]) => callMain("db", ...argv);
const at = (path: string) => ["--data-dir", path] as const;

beforeAll(async () => {
  vi.stubEnv("DATABASE_URL", "");
  const database = await startDatabase({ url: null, directory: join(dataDir, "postgres") });
  const configHash = digest("a".repeat(64));
  await postgresStore(database).openRun({ id: run, configHash, config: { name: run } });
  const blobs = await openFolderBlobs(join(dataDir, "blobs"));
  await recordedBlobs(blobs, database).put(bytes, hash);
  await database.close();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("fedtune db", () => {
  it("status tells where the database is, what it holds, and changes nothing", async () => {
    const { code, stdout, stderr } = await db("status", ...at(dataDir));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^database +\S+postgres \(embedded\)$/m);
    expect(stdout).toMatch(/^version +Postgres \d+/m);
    expect(stdout).toMatch(/^migrations +\d+ applied$/m);
    expect(stdout).toMatch(/^blobs +1 in \S+blobs \(10 B\)$/m);
    expect(stdout).toMatch(/^night-shift +running +0 +\d{4}-/m);
    const json = JSON.parse(
      (await db("status", ...at(dataDir), "--json")).stdout,
    ) as DatabaseStatus;
    expect(json).toMatchObject({
      ...{ isEmbedded: true, runs: [{ id: run, status: "running" }] },
      blobs: { stored: { count: 1, bytes: 10 }, listed: { count: 1, bytes: 10 } },
    });
  });

  it("[ST16] backup and restore carry everything over", async () => {
    const [to, other] = [join(folder, "backup"), join(folder, "other")];
    const made = await db("backup", to, ...at(dataDir));
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toMatch(/^runs +1$/m);
    expect(made.stdout).toMatch(/^blobs +1 \(10 B\)$/m);
    const restored = await db("restore", to, ...at(other), "--json");
    expect(JSON.parse(restored.stdout)).toMatchObject({ from: to, runs: 1, blobs: 1 });
    const blobs = await openFolderBlobs(join(other, "blobs"), { verify: nodeHash });
    expect([...(await blobs.get(hash))]).toEqual([...bytes]);
    const again = await db("restore", to, ...at(other));
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(
      /^error config-conflict: Cannot restore into a database that is not empty/,
    );
    expect((await db("backup", to, ...at(dataDir))).code).toBe(2);
  });

  it("migrate makes what is missing, once", async () => {
    const fresh = at(join(folder, "fresh"));
    expect((await db("migrate", ...fresh)).stdout).toMatch(/^Applied \d+_initial$/m);
    expect(await db("migrate", ...fresh)).toMatchObject({
      ...{ code: 0, stdout: "The database is up to date\n" },
    });
  });
});

describe("fedtune db refuses", () => {
  const nowhere = at(join(folder, "nowhere"));
  it.each([
    [["backup"], 2, "needs the folder of the backup"],
    [["status", "somewhere"], 2, "takes no folder"],
    [["destroy"], 2, "Allowed choices are migrate, status, backup, restore"],
    [["status", "--database-url", "mysql://root@host/db"], 2, "wanted postgresql://"],
    [["status", ...nowhere], 3, "Cannot find a database in"],
    [["backup", join(folder, "b"), ...nowhere], 3, "Cannot find a database in"],
    [["restore", join(folder, "no-backup"), ...at(join(folder, "empty"))], 3, "no finished backup"],
  ])("%j", async (argv, status, why) => {
    const { code, stdout, stderr } = await db(...argv);
    expect(stderr).toContain(why);
    expect([code, stdout]).toEqual([status, ""]);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });

  it("[ST15] a database that does not answer, without telling the password", async () => {
    const url = "postgresql://fedtune:open-sesame@127.0.0.1:1/fedtune";
    const { code, stderr } = await db("status", "--database-url", url, "--verbose");
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^error storage-failed: Cannot reach the database for 10 s: .*ECONNREFUSED/,
    );
    expect(stderr).not.toContain("open-sesame");
  });
});
