// Applies prisma/migrations in order, keeping _prisma_migrations exactly as Prisma keeps it.
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";

const LOCK = 72707369; // the advisory lock that `prisma migrate` itself takes
const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

export async function migrate(url: string, dir: string): Promise<string[]> {
  const onDisk = readdirSync(dir, { withFileTypes: true })
    .filter((d) => d.isDirectory())
    .map((d) => d.name)
    .sort();
  const client = new pg.Client({ connectionString: url, options: "-c TimeZone=UTC" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    await client.query(TABLE);
    const rows = (
      await client.query(
        `SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at`,
      )
    ).rows;
    const done = new Map(rows.map((r) => [r.migration_name as string, r]));
    for (const r of rows) {
      if (!r.finished_at)
        throw new Error(
          `migration ${r.migration_name} failed earlier; repair it with prisma migrate resolve`,
        );
      if (!onDisk.includes(r.migration_name))
        throw new Error(
          `the database has migration ${r.migration_name}, which this version does not know (newer database, older program?)`,
        );
    }
    const applied: string[] = [];
    for (const name of onDisk) {
      const sql = readFileSync(path.join(dir, name, "migration.sql"), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const prev = done.get(name);
      if (prev) {
        if (prev.checksum !== checksum)
          throw new Error(`migration ${name} was edited after it was applied`);
        continue;
      }
      const atomic = !/^--\s*no-transaction/m.test(sql);
      if (atomic) await client.query("BEGIN");
      try {
        await client.query(sql); // one simple-protocol call: several statements, $$ bodies and all
        await client.query(
          `INSERT INTO "_prisma_migrations"(id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1,$2,$3,now(),now(),1)`,
          [randomUUID(), checksum, name],
        );
        if (atomic) await client.query("COMMIT");
      } catch (e) {
        if (atomic) await client.query("ROLLBACK");
        throw new Error(`migration ${name}: ${(e as Error).message}`, { cause: e });
      }
      applied.push(name);
    }
    return applied;
  } finally {
    await client.end();
  } // ending the session releases the lock
}
