/** Which rows name a blob, and who may delete one. */
import type { Queryable } from "../transaction.ts";

/** SQL that is true when an update or a round names the hash; `others` leaves out the rows of the run that it gives. */
export function isNamed(hash: string, others?: string): string {
  const which = others === undefined ? "" : ` AND run_id <> ${others}`;
  return `(EXISTS (SELECT 1 FROM updates WHERE blob_hash = ${hash}${which})
    OR EXISTS (SELECT 1 FROM round_blobs WHERE round_blobs.hash = ${hash}${which}))`;
}

/** The advisory lock that who deletes blobs shares, and a backup has to itself. */
export const DELETION_LOCK = 72707370;

/** Until the transaction ends no backup begins; false: one is being made. */
export async function mayDelete(connection: Queryable): Promise<boolean> {
  const { rows } = await connection.query<{ may: boolean }>(
    `SELECT pg_try_advisory_xact_lock_shared($1) AS may`,
    [DELETION_LOCK],
  );
  return rows[0]?.may === true;
}
