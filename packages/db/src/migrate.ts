/** Applies prisma/migrations in order, and keeps `_prisma_migrations` exactly as Prisma's own command keeps it. */
import { FedtuneError } from "@fedtune/core";
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { isTransient } from "./transient.ts";

/** The advisory lock that `prisma migrate` itself takes. */
const MIGRATION_LOCK = 72707369;

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

/** A migration as its file has it. */
interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** What the database has of migrations. */
export interface MigrationState {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/**
 * Brings the database up to the migrations in `folder`; several programs may do so at once. Each file is one transaction,
 * unless it has a line `-- no-transaction`; such a file should hold a single statement.
 *
 * @returns the names of those that were applied just now
 * @throws FedtuneError `storage-failed` when one fails, was edited after it was applied, or is unknown to this program
 */
export async function migrate(url: string, folder: string): Promise<readonly string[]> {
  const migrations = readMigrations(folder);
  return connected(url, async (client) => {
    // Ending the session releases the lock.
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const pending = await pendingOf(client, migrations);
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  });
}

/**
 * Tells which migrations in `folder` the database has; changes nothing.
 *
 * @throws FedtuneError as {@link migrate} does
 */
export async function migrationState(url: string, folder: string): Promise<MigrationState> {
  const migrations = readMigrations(folder);
  return connected(url, async (client) => {
    const { rows } = await client.query<{ has: boolean }>(
      `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS has`,
    );
    const pending = rows[0]?.has === true ? await pendingOf(client, migrations) : migrations;
    const names = (list: readonly Migration[]) => list.map(({ name }) => name);
    const applied = migrations.filter((migration) => !pending.includes(migration));
    return { applied: names(applied), pending: names(pending) };
  });
}

function readMigrations(folder: string): Migration[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  return entries
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

async function pendingOf(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT migration_name, checksum, finished_at FROM "_prisma_migrations"
     WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at } of rows) {
    const migration = known.get(name);
    if (migration === undefined) {
      throw cannotMigrate(
        `it has migration ${name}, which this version of the program does not know`,
      );
    }
    if (finished_at === null) {
      throw cannotMigrate(
        `migration ${name} failed earlier; repair it with: prisma migrate resolve`,
      );
    }
    if (migration.checksum !== checksum) {
      throw cannotMigrate(`migration ${name} was edited after it was applied`);
    }
    known.delete(name);
  }
  return [...known.values()];
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const isAtomic = !/^--\s*no-transaction/m.test(sql);
  const note = (): Promise<unknown> =>
    client.query(
      `INSERT INTO "_prisma_migrations"
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), now(), 1)`,
      [randomUUID(), checksum, name],
    );
  try {
    if (isAtomic) await client.query("BEGIN");
    // Without parameters the whole file is one call: several statements, function bodies and all.
    await client.query(sql);
    await note();
    if (isAtomic) await client.query("COMMIT");
  } catch (error) {
    // The session ends with the error, and its transaction with it.
    if (isTransient(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw cannotMigrate(`migration ${name}: ${reason}`, error);
  }
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    options: "-c TimeZone=UTC",
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function cannotMigrate(reason: string, cause?: unknown): FedtuneError {
  return new FedtuneError("storage-failed", `Cannot migrate the database: ${reason}`, { cause });
}
