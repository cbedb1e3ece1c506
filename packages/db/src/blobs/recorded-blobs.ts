/** Blobs of which the database keeps a list: the bytes are stored first, the row says that they are. */
import type { BlobRef, Blobs, Digest, RunId } from "@fedtune/core";
import { batched } from "../batched.ts";
import type { Database } from "../client.ts";
import { retrying } from "../retry.ts";
import type { RetryOptions } from "../retry.ts";
import { inTransaction } from "../transaction.ts";
import { isNamed, mayDelete } from "./names.ts";
import { removeBlob } from "./remove-blob.ts";
import type { Condition } from "./remove-blob.ts";

/** How recorded blobs are used. */
export interface RecordedBlobsOptions extends RetryOptions {
  /** The run whose blobs these are: what another run names as well is not deleted. Absent: all may be. */
  readonly run?: RunId;
}

/**
 * Records what is stored in `blobs`, and forgets what is deleted. While a backup copies, deletions wait for a later one.
 *
 * @throws FedtuneError `storage-failed` when the bytes or the row cannot be written
 */
export function recordedBlobs(
  blobs: Blobs,
  database: Database,
  { run, ...retry }: RecordedBlobsOptions = {},
): Blobs {
  const noted = batched((refs: readonly BlobRef[]) => record(database, refs));
  const put = async (bytes: Uint8Array, hash: Digest): ReturnType<Blobs["put"]> => {
    const ref = await blobs.put(bytes, hash);
    await noted(ref);
    // Who swept these bytes just now held the row: they are gone, or they will stay.
    return (await blobs.has(hash)) ? ref : blobs.put(bytes, hash);
  };
  const waiting = new Set<Digest>();
  const again = <T>(work: () => Promise<T>): Promise<T> =>
    retrying(work, { wake: database.wake, ...retry });
  return {
    ...blobs,
    put: (bytes, hash) => again(() => put(bytes, hash)),
    async delete(hash) {
      for (const one of [hash, ...waiting]) {
        const isDone = await again(() => forget({ blobs, database }, one, run));
        if (isDone) waiting.delete(one);
        else waiting.add(one);
      }
    },
  };
}

/**
 * Many rows with one commit. Those of blobs that are there already are locked in the order of their hashes, so that two
 * processes never wait for each other's.
 */
async function record({ pool }: Database, refs: readonly BlobRef[]): Promise<readonly BlobRef[]> {
  const sizes = new Map(refs.map(({ hash, bytes }) => [hash, bytes]));
  const hashes = [...sizes.keys()].sort();
  await pool.query({
    name: "fedtune-record-blobs",
    text: `INSERT INTO blobs (hash, bytes) SELECT * FROM unnest($1::text[], $2::bigint[])
      ON CONFLICT (hash) DO UPDATE SET stored_at = now()`,
    values: [hashes, hashes.map((hash) => sizes.get(hash))],
  });
  return refs;
}

/** Deletes row and bytes, unless another run names them; false: a backup is being made. */
function forget(
  { blobs, database }: { readonly blobs: Blobs; readonly database: Database },
  hash: Digest,
  run?: RunId,
): Promise<boolean> {
  const isKept = run === undefined ? { sql: "false", values: [] } : namedByOthers(run);
  return inTransaction(database.pool, async (connection) => {
    if (!(await mayDelete(connection))) return false;
    await removeBlob(connection, { blobs, hash, isKept });
    return true;
  });
}

function namedByOthers(run: RunId): Condition {
  return { sql: isNamed("$1", "$2"), values: [run] };
}
