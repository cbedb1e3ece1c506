/** Transactions on a connection of the pool. */
import type pg from "pg";
import { isTransient } from "./transient.ts";

/** What runs statements: the pool, or one connection of it. */
export type Queryable = Pick<pg.Pool, "query">;

/** Runs `work` between BEGIN and COMMIT; whatever it throws takes everything back. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (connection: Queryable) => Promise<T>,
  begin = "BEGIN",
): Promise<T> {
  const client = await pool.connect();
  // A connection that dies between two statements tells so here; the next statement fails.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let broken = false;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    broken = isTransient(error) || !(await rolledBack(client));
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}
