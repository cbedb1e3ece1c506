import { isFedtuneError } from "@fedtune/core";
import pg from "pg";
import type { Database } from "../client.ts";
import { retrying, storageFailed } from "../retry.ts";

/** Runs `work` in a session of its own, without the pool's time limits; its locks end with it. */
export async function sessionOf<T>(
  database: Database,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await retrying(() => connected(database.url), { wake: database.wake });
  try {
    return await work(client);
  } catch (error) {
    throw isFedtuneError(error) ? error : storageFailed("Cannot use the database", error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: "-c TimeZone=UTC",
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
