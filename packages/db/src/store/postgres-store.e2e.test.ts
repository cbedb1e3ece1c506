import { storeConformance } from "@fedtune/testkit";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { startDatabase } from "../start.ts";
import type { StartedDatabase, StartOptions } from "../start.ts";
import { exactness } from "../test-support/exactness.ts";
import { races } from "../test-support/races.ts";
import { realPostgresBin, realPostgresTitle, startRealPostgres } from "../test-support/servers.ts";
import type { RealPostgres } from "../test-support/servers.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { postgresStore } from "./postgres-store.ts";

const folder = temporaryFolder();

describe("over the embedded Postgres", () => {
  suites(() => Promise.resolve({ url: null, directory: join(folder, "postgres") }));
});

describe.skipIf(realPostgresBin === null)(`over ${realPostgresTitle}`, () => {
  let server: RealPostgres;
  suites(async () => {
    server = await startRealPostgres();
    return { url: server.url, directory: "" };
  });
  afterAll(() => server.stop());
});

function suites(options: () => Promise<StartOptions>): void {
  let database: StartedDatabase;
  beforeAll(async () => {
    database = await startDatabase(await options());
  });
  afterAll(() => database.close());
  const open = async () => {
    await database.pool.query("TRUNCATE runs CASCADE");
    return postgresStore(database);
  };
  storeConformance("Postgres", async () => ({
    store: await open(),
    reopen: async () => postgresStore(database),
    close: async () => {},
  }));
  races(open, () => database);
  exactness(open, () => database);
}
