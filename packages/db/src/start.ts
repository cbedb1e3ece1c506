/** The database of a coordinator: the one that is named, or a Postgres of its own; migrated. */
import { fileURLToPath } from "node:url";
import { openDatabase } from "./client.ts";
import type { Database, DatabaseOptions } from "./client.ts";
import { embeddedPostgres } from "./embedded/embedded.ts";
import { migrate } from "./migrate.ts";
import { retrying } from "./retry.ts";

/** Which database. */
export interface StartOptions extends DatabaseOptions {
  /** Connection string of a Postgres; null: one of our own in `directory`. */
  readonly url: string | null;
  /** Where the embedded Postgres keeps its files. */
  readonly directory: string;
  /** How long to wait for a database that does not answer, in milliseconds; default a minute. */
  readonly retryForMs?: number;
}

/** A database that is up to date. */
export interface StartedDatabase extends Database {
  /** Names of the migrations that were applied just now. */
  readonly applied: readonly string[];
  readonly isEmbedded: boolean;
}

/** Migrations of this version of the program. */
export const migrationsFolder = fileURLToPath(
  new URL("../../../prisma/migrations", import.meta.url),
);

/**
 * Opens and migrates; closing stops the embedded server when nobody else uses it.
 *
 * @throws FedtuneError `config-invalid` for a URL that is none; `storage-failed` for a database that stays away, or
 * whose migrations are not those of this program
 */
export async function startDatabase(options: StartOptions): Promise<StartedDatabase> {
  const database = await connectDatabase(options);
  try {
    const retry = { wake: database.wake, retryForMs: options.retryForMs ?? 60_000 };
    const applied = await retrying(() => migrate(database.url, migrationsFolder), retry);
    return { ...database, applied };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens without migrating. */
export async function connectDatabase(
  options: StartOptions,
): Promise<Omit<StartedDatabase, "applied">> {
  if (options.url !== null) return { ...openDatabase(options.url, options), isEmbedded: false };
  const embedded = await embeddedPostgres(options.directory);
  const database = openDatabase(embedded.url, options);
  // From here on whoever closes it elsewhere sees that it is in use.
  await retrying(() => database.pool.query("SELECT 1"), embedded);
  let isClosed = false;
  return {
    ...{ ...database, isEmbedded: true },
    // What is still being tried when it is closed does not start it again.
    wake: () => (isClosed ? Promise.resolve() : embedded.wake()),
    async close() {
      isClosed = true;
      await database.close();
      await embedded.stopIfLast();
    },
  };
}
