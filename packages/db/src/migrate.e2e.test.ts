import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "./client.ts";
import { embeddedPostgres } from "./embedded/embedded.ts";
import type { EmbeddedPostgres } from "./embedded/embedded.ts";
import { migrate, migrationState } from "./migrate.ts";
import { temporaryFolder } from "./test-support/temporary-folder.ts";

const folder = temporaryFolder();
let server: EmbeddedPostgres;
let count = 0;
beforeAll(async () => {
  server = await embeddedPostgres(join(folder, "postgres"));
});
afterAll(() => server.stopIfLast());

/** An empty database. */
async function emptyDatabase(): Promise<string> {
  const name = `empty_${++count}`;
  const admin = openDatabase(server.url);
  await admin.pool.query(`CREATE DATABASE ${name}`);
  await admin.close();
  return server.url.replace("/postgres?", `/${name}?`);
}

/** A folder of migrations, in order. */
function migrations(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(folder, "migrations-"));
  for (const [name, sql] of Object.entries(files)) {
    mkdirSync(join(made, name));
    writeFileSync(join(made, name, "migration.sql"), sql);
  }
  writeFileSync(join(made, "migration_lock.toml"), "");
  return made;
}

async function rowsOf(url: string, sql: string): Promise<unknown[]> {
  const { pool, close } = openDatabase(url);
  try {
    return (await pool.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await close();
  }
}

const first = { "1_first": "CREATE TABLE a (n INT); INSERT INTO a VALUES (1);" };
const both = { ...first, "2_second": "UPDATE a SET n = n + 1;" };

describe("migrations", () => {
  it("are applied in order, each once", async () => {
    const url = await emptyDatabase();
    expect(await migrationState(url, migrations(both))).toEqual({
      ...{ applied: [], pending: ["1_first", "2_second"] },
    });
    expect(await migrate(url, migrations(first))).toEqual(["1_first"]);
    expect(await migrate(url, migrations(both))).toEqual(["2_second"]);
    expect(await migrate(url, migrations(both))).toEqual([]);
    expect(await rowsOf(url, "SELECT n FROM a")).toEqual([{ n: 2 }]);
    expect(await migrationState(url, migrations(both))).toEqual({
      ...{ applied: ["1_first", "2_second"], pending: [] },
    });
  });

  it("are applied once by eight programs that start at once", async () => {
    const url = await emptyDatabase();
    const files = migrations(both);
    const done = await Promise.all(Array.from({ length: 8 }, () => migrate(url, files)));
    expect(done.flat().sort()).toEqual(["1_first", "2_second"]);
    expect(await rowsOf(url, "SELECT n FROM a")).toEqual([{ n: 2 }]);
  });

  it("leave nothing behind when one fails", async () => {
    const url = await emptyDatabase();
    const files = migrations({
      ...first,
      "2_bad": "UPDATE a SET n = 7; SELECT no_such_function();",
    });
    await expect(migrate(url, files)).rejects.toMatchObject({
      code: "storage-failed",
      message: expect.stringContaining(
        "2_bad: function no_such_function() does not exist",
      ) as string,
    });
    expect(await rowsOf(url, "SELECT n FROM a")).toEqual([{ n: 1 }]);
    expect(await migrate(url, migrations(both))).toEqual(["2_second"]);
  });

  it("run outside a transaction where they say so, function bodies and all", async () => {
    const url = await emptyDatabase();
    const body = "CREATE FUNCTION two() RETURNS INT LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$;";
    const index = "-- no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);";
    const files = migrations({ ...first, "2_body": body, "3_index": index });
    expect(await migrate(url, files)).toHaveLength(3);
    expect(await rowsOf(url, "SELECT two()")).toEqual([{ two: 2 }]);
  });

  it.each([
    [
      "were edited after they were applied",
      { "1_first": `${first["1_first"]} ` },
      "1_first was edited after it was applied",
    ],
    [
      "are those of a later version",
      { "2_second": both["2_second"] },
      "it has migration 1_first, which this version of the program does not know",
    ],
  ])("are refused when they %s", async (_, files, why) => {
    const url = await emptyDatabase();
    await migrate(url, migrations(first));
    const refused = {
      code: "storage-failed",
      message: `Cannot migrate the database: ${why.startsWith("it") ? why : `migration ${why}`}`,
    };
    await expect(migrate(url, migrations(files))).rejects.toMatchObject(refused);
    await expect(migrationState(url, migrations(files))).rejects.toMatchObject(refused);
  });
});
