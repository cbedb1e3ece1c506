/** A copy of the whole database and its blobs in one folder, taken while it is used. */
import { digest, FedtuneError, isFedtuneError } from "@fedtune/core";
import type { Blobs, Digest } from "@fedtune/core";
import { createHash } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type pg from "pg";
import { DELETION_LOCK } from "../blobs/names.ts";
import type { Database } from "../client.ts";
import { sessionOf } from "./session.ts";
import { blobFile, syncFolder, writeDurably, writeManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { appliedMigrations, quoted, tableNames } from "./tables.ts";

/** What is backed up, and where to. */
export interface BackupOptions {
  readonly database: Database;
  readonly blobs: Pick<Blobs, "get">;
  /** A folder that is empty or not there yet. */
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What a backup holds. */
export interface BackupResult {
  readonly manifest: Manifest;
  /** Blobs that the database lists and whose bytes are gone. */
  readonly missing: readonly Digest[];
}

const ROWS_AT_ONCE = 100;

/**
 * Backs up what the database was at one instant. Its blobs are copied after that; until they are, none is deleted.
 *
 * @throws FedtuneError `config-conflict` when the folder is not empty; `blob-corrupt` for bytes that are not what their
 * hash says; `storage-failed`
 */
export async function backup(options: BackupOptions): Promise<BackupResult> {
  const { database, to, now = Date.now } = options;
  await prepareFolder(to);
  return sessionOf(database, async (client) => {
    // Ends with the session. Taken before the instant that is backed up: no blob of then can be gone.
    await client.query("SELECT pg_advisory_lock($1)", [DELETION_LOCK]);
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const migrations = [...(await appliedMigrations(client))];
    const tables: Manifest["tables"] = [];
    for (const name of await tableNames(client)) tables.push(await writeTable(client, to, name));
    const wanted = await blobsOf(client);
    await client.query("COMMIT");
    const { blobs, missing } = await writeBlobs(options, wanted);
    const createdAt = new Date(now()).toISOString();
    const manifest = {
      ...({ format: "fedtune-backup", version: 1 } as const),
      ...{ createdAt, migrations, tables, blobs },
    };
    await writeManifest(to, manifest);
    return { manifest, missing };
  });
}

async function prepareFolder(to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const [first] = await readdir(to);
  if (first !== undefined) {
    throw new FedtuneError("config-conflict", `Cannot back up to ${to}: it is not empty`);
  }
  await mkdir(join(to, "tables"));
}

/** One line of JSON for each row, as Postgres writes it. */
async function writeTable(
  client: pg.Client,
  to: string,
  name: string,
): Promise<Manifest["tables"][number]> {
  const file = join("tables", `${name}.jsonl`);
  let rows = 0;
  const lines = async function* (): AsyncGenerator<string> {
    for await (const batch of rowsOf(client, name)) {
      rows += batch.length;
      yield batch.map((row) => `${row}\n`).join("");
    }
  };
  const sha256 = await writeDurably(join(to, file), lines());
  return { name, rows, file, sha256 };
}

/** A table's rows as JSON, many at a time. */
async function* rowsOf(client: pg.Client, name: string): AsyncGenerator<readonly string[]> {
  await client.query(
    `DECLARE dumped NO SCROLL CURSOR FOR 
     SELECT replace(row_to_json(t)::text, E'\\n', ' ') AS row FROM ${quoted(name)} t`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM dumped`);
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await client.query("CLOSE dumped");
}

/** A blob that a backup is to hold. */
interface WantedBlob {
  readonly hash: Digest;
  /** Whether its bytes must be there; what rows name may have been superseded, and deleted. */
  readonly isListed: boolean;
}

async function blobsOf(client: pg.Client): Promise<readonly WantedBlob[]> {
  const { rows } = await client.query<{ hash: string; listed: boolean }>(
    `SELECT hash, true AS listed FROM blobs
     UNION ALL
     SELECT DISTINCT hash, false FROM (
       SELECT blob_hash AS hash FROM updates UNION SELECT hash FROM round_blobs) named
     WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.hash = named.hash)
     ORDER BY hash`,
  );
  return rows.map(({ hash, listed }) => ({ hash: digest(hash), isListed: listed }));
}

async function writeBlobs(
  { blobs, to }: BackupOptions,
  wanted: readonly WantedBlob[],
): Promise<{ readonly blobs: Manifest["blobs"]; readonly missing: readonly Digest[] }> {
  const missing: Digest[] = [];
  const total = { count: 0, bytes: 0 };
  const lines = async function* (): AsyncGenerator<string> {
    for (const { hash, isListed } of wanted) {
      const bytes = await bytesOf(blobs, hash);
      if (bytes === null) {
        if (isListed) missing.push(hash);
        continue;
      }
      await writeBlob(to, hash, bytes);
      total.count++;
      total.bytes += bytes.length;
      yield `${JSON.stringify({ hash, bytes: bytes.length })}\n`;
    }
  };
  const file = "blobs.jsonl";
  const sha256 = await writeDurably(join(to, file), lines());
  return { blobs: { ...total, file, sha256 }, missing };
}

async function bytesOf(blobs: BackupOptions["blobs"], hash: Digest): Promise<Uint8Array | null> {
  try {
    return await blobs.get(hash);
  } catch (error) {
    if (isFedtuneError(error, "blob-missing")) return null;
    throw error;
  }
}

async function writeBlob(to: string, hash: Digest, bytes: Uint8Array): Promise<void> {
  if (createHash("sha256").update(bytes).digest("hex") !== hash) {
    throw new FedtuneError("blob-corrupt", `Cannot back up blob ${hash}: it holds other bytes`);
  }
  const path = join(to, blobFile(hash));
  await mkdir(dirname(path), { recursive: true });
  await writeDurably(path, [bytes]);
  await syncFolder(dirname(path));
}
