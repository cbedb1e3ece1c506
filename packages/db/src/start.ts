/** The database of a coordinator: the one that is named, or a Postgres of its own; migrated. */
import { fileURLToPath } from "node:url";
import { openDatabase } from "./client.ts";
import type { Database, DatabaseOptions } from "./client.ts";
import { embeddedPostgres } from "./embedded.ts";
import { migrate } from "./migrate.ts";

/** Which database. */
export interface StartOptions extends DatabaseOptions {
  /** Connection string of a Postgres; null: one of our own in `directory`. */
  readonly url: string | null;
  /** Where the embedded Postgres keeps its files. */
  readonly directory: string;
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

/** Opens and migrates; closing stops the embedded server when nobody else uses it. */
export async function startDatabase(options: StartOptions): Promise<StartedDatabase> {
  const embedded = options.url === null ? await embeddedPostgres(options.directory) : null;
  const url = options.url ?? embedded?.url ?? "";
  const applied = await migrate(url, migrationsFolder);
  const database = openDatabase(url, options);
  return {
    ...database,
    ...{ applied, isEmbedded: embedded !== null },
    async close() {
      await database.close();
      await embedded?.stopIfLast();
    },
  };
}
