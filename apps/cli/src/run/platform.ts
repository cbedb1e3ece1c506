/** What a coordinator process stands on: its database and its blobs. */
import type { Blobs, Store } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import type { StartedDatabase } from "@fedtune/db";
import { nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs } from "@fedtune/server";
import { join } from "node:path";

/** Where things are kept. */
export interface PlatformOptions {
  readonly dataDir: string;
  /** Connection string of a Postgres; null: an embedded one in `dataDir`. */
  readonly databaseUrl: string | null;
}

/** An open database and open blobs. */
export interface Platform {
  readonly database: StartedDatabase;
  readonly store: Store;
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/** Opens and migrates the database, and opens the blobs. */
export async function openPlatform({ dataDir, databaseUrl }: PlatformOptions): Promise<Platform> {
  const directory = join(dataDir, "postgres");
  const database = await startDatabase({ url: databaseUrl, directory });
  try {
    const blobs = await openFolderBlobs(join(dataDir, "blobs"), { verify: nodeHash });
    return { database, store: postgresStore(database), blobs, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}
