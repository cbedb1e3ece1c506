/** A connection pool and a Prisma client over it. */
import { FedtuneError } from "@fedtune/core";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";

/** An open database. */
export interface Database {
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
  /** Connection string; it may hold a password, so it is shown to nobody. */
  readonly url: string;
  /** Starts the server again where it is ours and was killed; null: it is somebody else's. */
  readonly wake: (() => Promise<void>) | null;
  close(): Promise<void>;
}

/** How a database is used. */
export interface DatabaseOptions {
  /** Connections at most; default 10. */
  readonly connections?: number;
  /** How long to wait for a new connection, in milliseconds; default 10 s. */
  readonly connectTimeoutMs?: number;
  /** How long to wait for an answer before the connection counts as lost, in milliseconds; default 30 s. */
  readonly queryTimeoutMs?: number;
}

/**
 * What every session sets. The adapter reads and writes instants as if the session were in UTC: make that true. A
 * client that vanished must not keep its locks for longer than others wait for them.
 */
const sessionSettings = {
  TimeZone: "UTC",
  lock_timeout: "20s",
  idle_in_transaction_session_timeout: "10s",
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
};

/**
 * Opens a pool; nothing is connected until the first query.
 *
 * @throws FedtuneError `config-invalid` when `url` is no connection string of a Postgres
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { connections = 10, connectTimeoutMs = 10_000, queryTimeoutMs = 30_000 } = options;
  checkUrl(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    // One stays: by it, who else uses an embedded server sees that it is in use.
    min: 1,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    options: Object.entries(sessionSettings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
  });
  // An idle connection died; the pool makes another one.
  pool.on("error", () => undefined);
  const transactionOptions = { maxWait: connectTimeoutMs, timeout: queryTimeoutMs };
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions });
  return {
    ...{ prisma, pool, url, wake: null },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Refuses what is no connection string, without repeating it: it may hold a password. */
function checkUrl(url: string): void {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return;
  const wanted = "postgresql://USER:PASSWORD@HOST:PORT/NAME";
  throw new FedtuneError("config-invalid", `Cannot read the database's URL: wanted ${wanted}`);
}

/** Where a database is, without the password. */
export function placeOf(url: string): string {
  checkUrl(url);
  const { username, hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get("host") ?? (hostname || "localhost");
  const user = username === "" ? "" : `${username}@`;
  return `postgresql://${user}${host}${port === "" ? "" : `:${port}`}${pathname}`;
}
