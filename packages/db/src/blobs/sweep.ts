/** Deletes blobs that nothing names: left by runs that were deleted, attempts that failed and writes that were cut off. */
import type { Blobs, Digest } from "@fedtune/core";
import { digest } from "@fedtune/core";
import type { Database } from "../client.ts";
import { retrying } from "../retry.ts";
import { inTransaction } from "../transaction.ts";
import { isNamed, mayDelete } from "./names.ts";
import { removeBlob } from "./remove-blob.ts";

/** A blob whose bytes are there. */
export interface ListedBlob {
  readonly hash: Digest;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** Tells which bytes are there, in any order; what comes or goes meanwhile may be told or not. */
export interface BlobLister {
  list(): AsyncIterable<ListedBlob>;
}

/** What is swept. */
export interface SweepOptions {
  readonly database: Database;
  /** The bare blobs, not the recorded ones. */
  readonly blobs: Blobs;
  readonly lister: BlobLister;
  /** Younger blobs stay: they may be named soon. A day is a good grace. */
  readonly olderThanMs: number;
  /** Blobs that only the program knows it needs, for example what live runs hand out before their first round. */
  readonly keep?: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What was swept. */
export interface Swept {
  readonly blobs: number;
  readonly bytes: number;
}

const BATCH = 500;

/**
 * Sweeps once; does nothing while a backup is made. Blobs of different programs in one place must not be swept: those
 * that the others' databases name look like orphans.
 *
 * @throws FedtuneError `storage-failed`
 */
export async function sweepOrphans(options: SweepOptions): Promise<Swept> {
  const { database, lister, olderThanMs, keep = new Set(), now = Date.now } = options;
  const swept = { blobs: 0, bytes: 0 };
  const seen = new Set<string>();
  const sweep = async (batch: readonly ListedBlob[]): Promise<void> => {
    const orphans = await retrying(() => orphansOf(options, batch), { wake: database.wake });
    for (const { hash, bytes } of orphans) {
      if (!(await retrying(() => remove(options, hash), { wake: database.wake }))) continue;
      swept.blobs++;
      swept.bytes += bytes;
    }
  };
  let batch: ListedBlob[] = [];
  for await (const blob of lister.list()) {
    seen.add(blob.hash);
    if (keep.has(blob.hash) || blob.storedAt > now() - olderThanMs) continue;
    batch.push(blob);
    if (batch.length < BATCH) continue;
    await sweep(batch);
    batch = [];
  }
  await sweep(batch);
  await sweep((await lostRows(options)).filter(({ hash }) => !seen.has(hash) && !keep.has(hash)));
  return swept;
}

const isYoung = (hash: string, age: string): string =>
  `EXISTS (SELECT 1 FROM blobs WHERE blobs.hash = ${hash} AND stored_at > now() - ${age} * interval '1 ms')`;

async function orphansOf(
  { database, olderThanMs }: SweepOptions,
  batch: readonly ListedBlob[],
): Promise<readonly ListedBlob[]> {
  if (batch.length === 0) return [];
  const { rows } = await database.pool.query<{ hash: string }>(
    `SELECT hash FROM unnest($1::text[]) AS listed (hash)
     WHERE NOT ${isNamed("listed.hash")} AND NOT ${isYoung("listed.hash", "$2::float8")}`,
    [batch.map(({ hash }) => hash), olderThanMs],
  );
  const orphans = new Set(rows.map(({ hash }) => hash));
  return batch.filter(({ hash }) => orphans.has(hash));
}

/** Rows of blobs that nothing names; their bytes may be gone already. */
async function lostRows({ database, olderThanMs }: SweepOptions): Promise<readonly ListedBlob[]> {
  const { rows } = await retrying(
    () =>
      database.pool.query<{ hash: string }>(
        `SELECT hash FROM blobs
         WHERE stored_at < now() - $1::float8 * interval '1 ms' AND NOT ${isNamed("blobs.hash")}`,
        [olderThanMs],
      ),
    { wake: database.wake },
  );
  return rows.map(({ hash }) => ({ hash: digest(hash), bytes: 0, storedAt: 0 }));
}

/** Looks again, under the lock of the row: it may have been named or stored anew. */
function remove({ database, blobs, olderThanMs }: SweepOptions, hash: Digest): Promise<boolean> {
  const sql = `${isNamed("$1")} OR stored_at > now() - $2::float8 * interval '1 ms'`;
  return inTransaction(
    database.pool,
    async (connection) =>
      (await mayDelete(connection)) &&
      removeBlob(connection, { blobs, hash, isKept: { sql, values: [olderThanMs] } }),
  );
}
