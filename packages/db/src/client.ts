/** A connection pool and a Prisma client over it. */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";

/** An open database. */
export interface Database {
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
  /** Connection string; it may hold a password, so it is shown to nobody. */
  readonly url: string;
  close(): Promise<void>;
}

/** How a database is used. */
export interface DatabaseOptions {
  /** Connections at most; default 10. */
  readonly connections?: number;
}

/** Opens a pool; nothing is connected until the first query. */
export function openDatabase(url: string, { connections = 10 }: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    // The adapter reads and writes instants as if the session were in UTC: make that true.
    options: "-c TimeZone=UTC -c lock_timeout=30s",
  });
  // An idle connection died; the pool makes another one.
  pool.on("error", () => undefined);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    ...{ prisma, pool, url },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
