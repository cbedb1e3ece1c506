import type { Blobs, Digest } from "@fedtune/core";
import type { Queryable } from "../transaction.ts";

/** A condition in SQL about the blob with hash `$1`; its own values follow from `$2` on. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What is removed, and what keeps it from being so. */
export interface Removal {
  readonly blobs: Blobs;
  readonly hash: Digest;
  readonly isKept: Condition;
}

/**
 * Removes a blob's row and bytes in the transaction of `connection`, unless it is kept; tells whether it did.
 *
 * The row is made if it is missing: who stores the same bytes meanwhile waits for it, and then sees that they are gone.
 */
export async function removeBlob(
  connection: Queryable,
  { blobs, hash, isKept }: Removal,
): Promise<boolean> {
  await connection.query(
    `INSERT INTO blobs (hash, bytes, stored_at) VALUES ($1, 0, 'epoch') ON CONFLICT DO NOTHING`,
    [hash],
  );
  const { rowCount } = await connection.query(
    `DELETE FROM blobs WHERE hash = $1 AND NOT (${isKept.sql})`,
    [hash, ...isKept.values],
  );
  if (rowCount === 1) await blobs.delete(hash);
  return rowCount === 1;
}
