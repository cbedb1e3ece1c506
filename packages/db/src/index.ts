/** The durable memory of a coordinator over Postgres. */
export { openDatabase } from "./client.ts";
export type { Database, DatabaseOptions } from "./client.ts";
export { PrismaClient } from "./generated/client.ts";
export { migrate } from "./migrate.ts";
export { retrying } from "./retry.ts";
export type { RetryOptions, Waits } from "./retry.ts";
export { startDatabase } from "./start.ts";
export type { StartedDatabase, StartOptions } from "./start.ts";
export { postgresStore } from "./store/postgres-store.ts";
