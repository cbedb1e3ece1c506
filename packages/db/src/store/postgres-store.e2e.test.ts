import { storeConformance } from "@fedtune/testkit";
import { afterAll, beforeAll } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDatabase } from "../start.ts";
import type { StartedDatabase } from "../start.ts";
import { postgresStore } from "./postgres-store.ts";

let folder: string;
let database: StartedDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-store-"));
  database = await startDatabase({ url: null, directory: join(folder, "postgres") });
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

storeConformance("Postgres", async () => {
  await database.pool.query("TRUNCATE runs CASCADE");
  return {
    store: postgresStore(database),
    reopen: async () => postgresStore(database),
    close: async () => {},
  };
});
