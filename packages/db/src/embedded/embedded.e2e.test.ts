import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDatabase } from "../start.ts";
import { startChild } from "../test-support/child.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { embeddedPostgres } from "./embedded.ts";

const parent = temporaryFolder();
let count = 0;
/** A folder for a database that is not there yet. */
const fresh = () => join(parent, String(++count), "postgres");

const lockOf = (directory: string) => join(directory, "postmaster.pid");
const pidOf = (directory: string) => Number(readFileSync(lockOf(directory), "utf8").split("\n")[0]);

async function use(directory: string) {
  const database = await startDatabase({ url: null, directory });
  await database.pool.query("SELECT 1");
  return database;
}

describe("the embedded Postgres", () => {
  it("[ST18] is made once, found again, and shut down by who closes it last", async () => {
    const directory = fresh();
    const first = await use(directory);
    expect(first.isEmbedded).toBe(true);
    expect(first.applied[0]).toMatch(/_initial$/);
    await first.pool.query("CREATE TABLE kept AS SELECT 1 AS n");
    const second = await use(directory);
    expect(second.applied).toEqual([]);
    await first.close();
    expect((await second.pool.query("SELECT n FROM kept")).rows).toEqual([{ n: 1 }]);
    await second.close();
    expect(existsSync(lockOf(directory))).toBe(false);
    const third = await use(directory);
    expect((await third.pool.query("SELECT n FROM kept")).rows).toEqual([{ n: 1 }]);
    await third.close();
  });

  it("[ST18] keeps its sockets and files to itself, listens on no port, and is safe against power cuts", async () => {
    const directory = fresh();
    const database = await use(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const { rows } = await database.pool.query(
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('listen_addresses', 'fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name`,
    );
    expect(rows.map(({ setting }: { setting: string }) => setting)).toEqual(["on", "on", "", "on"]);
    await database.close();
  });

  it("[ST18] starts below a folder that only its user may enter", async () => {
    const directory = fresh();
    mkdirSync(join(directory, ".."), { mode: 0o700 });
    chmodSync(parent, 0o700);
    const database = await use(directory);
    expect((await database.pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    await database.close();
  });

  it("[ST18] starts in a folder whose path is too long for a socket", async () => {
    const directory = join(parent, "long".repeat(20), "folder".repeat(10), "postgres");
    const database = await use(directory);
    const again = await use(directory);
    await database.close();
    const pid = pidOf(directory);
    process.kill(pid, "SIGKILL");
    await until(() => !isThere(pid));
    await again.wake?.();
    await again.pool.query("SELECT 1");
    const sockets = new URL(again.url).searchParams.get("host") ?? "";
    expect(readdirSync(sockets)).toContain(".s.PGSQL.5432");
    await again.close();
    expect([existsSync(lockOf(directory)), existsSync(sockets)]).toEqual([false, false]);
  });

  it("[ST18] stays for who uses it, however long that is idle", async () => {
    const directory = fresh();
    const idle = await startDatabase({ url: null, directory });
    const pid = pidOf(directory);
    await (await use(directory)).close();
    expect(pidOf(directory)).toBe(pid);
    idle.pool.options.idleTimeoutMillis = 1;
    await Promise.all([1, 2, 3].map(() => idle.pool.query("SELECT pg_sleep(0.1)")));
    await until(() => idle.pool.totalCount === 1);
    await (await use(directory)).close();
    expect(pidOf(directory)).toBe(pid);
    await idle.close();
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it("[ST18] is one for all who start it for the first time at once", async () => {
    const directory = fresh();
    const children = [1, 2, 3].map(() => startChild("embedded-user.ts", directory));
    await Promise.all(children.map((child) => child.printed(1)));
    expect(readdirSync(join(directory, "..")).sort()).toEqual(["postgres", "postgres.log"]);
    for (const child of children) {
      expect(existsSync(lockOf(directory))).toBe(true);
      child.process.kill("SIGTERM");
      expect(await child.ended).toBe(0);
    }
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it("[ST18] outlives a process that is killed, and serves the next one", async () => {
    const directory = fresh();
    const child = startChild("embedded-user.ts", directory);
    await child.printed(1);
    const pid = pidOf(directory);
    child.process.kill("SIGKILL");
    await child.ended;
    const database = await use(directory);
    expect(pidOf(directory)).toBe(pid);
    await database.close();
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it("[ST18] starts again after it was killed, also by who is using it", async () => {
    const directory = fresh();
    const database = await use(directory);
    for (let time = 0; time < 2; time++) {
      const pid = pidOf(directory);
      process.kill(pid, "SIGKILL");
      await until(() => !isThere(pid));
      await Promise.all([database.wake?.(), database.wake?.()]);
      expect((await database.pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
      expect(pidOf(directory)).not.toBe(pid);
    }
    await database.close();
  });

  it("[ST18] is not started again by what is still being tried when it is closed", async () => {
    const directory = fresh();
    const database = await use(directory);
    await database.close();
    await database.wake?.();
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it("[ST18] is not fooled by a lock whose process id belongs to somebody else", async () => {
    const directory = fresh();
    await (await use(directory)).close();
    const stranger = spawn("sleep", ["600"]);
    const lock = [stranger.pid, directory, 0, 5432, directory, "", "0 0", "ready"];
    writeFileSync(lockOf(directory), `${lock.join("\n")}\n`);
    const database = await use(directory);
    expect(pidOf(directory)).not.toBe(stranger.pid);
    await database.close();
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
  });

  it.runIf(process.platform === "linux")("[ST18] is not fooled by a zombie", async () => {
    const directory = fresh();
    await (await use(directory)).close();
    // A shell that does not look after its child.
    const shell = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 600"]);
    const zombie = await new Promise<string>((resolve) =>
      shell.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    await until(() => /^State:\s+Z/m.test(readFileSync(`/proc/${zombie}/status`, "utf8")));
    writeFileSync(lockOf(directory), `${zombie}\n${directory}\n0\n5432\n${directory}\n`);
    const database = await use(directory);
    await database.close();
    shell.kill();
  });

  it("[ST18] says why it does not come up", async () => {
    const directory = fresh();
    await (await use(directory)).close();
    writeFileSync(join(directory, "postgresql.conf"), "no_such_setting = 1\n");
    const failure = embeddedPostgres(directory);
    await expect(failure).rejects.toMatchObject({ code: "storage-failed" });
    await expect(failure).rejects.toThrow(/no_such_setting/);
  });

  it("[ST18] leaves a folder alone that holds something else", async () => {
    const directory = fresh();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "thesis.txt"), "the only copy");
    await expect(embeddedPostgres(directory)).rejects.toMatchObject({ code: "storage-failed" });
    expect(readdirSync(directory)).toEqual(["thesis.txt"]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
