/** What `fedtune db status` tells. */
import type { RunHead } from "@fedtune/core";
import {
  folderLister,
  migrationsFolder,
  migrationState,
  placeOf,
  postgresStore,
  retrying,
} from "@fedtune/db";
import type { Database, MigrationState, StartOptions } from "@fedtune/db";
import { tableText } from "../table.ts";

/** A database as `--json` prints it. */
export interface DatabaseStatus {
  readonly database: string;
  readonly isEmbedded: boolean;
  /** Of the server. */
  readonly version: string;
  /** Of the database's files. */
  readonly bytes: number;
  readonly migrations: MigrationState;
  readonly runs: readonly RunHead[];
  readonly blobs: BlobSizes;
}

interface BlobSizes {
  readonly folder: string;
  /** In the folder. */
  readonly stored: Size;
  /** In the database's list. */
  readonly listed: Size;
}

interface Size {
  readonly count: number;
  readonly bytes: number;
}

/** Looks at a database and at a folder of blobs; changes nothing. */
export async function databaseStatus(
  database: Database,
  { place, blobs }: { readonly place: StartOptions; readonly blobs: string },
): Promise<DatabaseStatus> {
  const retry = { wake: database.wake, retryForMs: place.retryForMs ?? 0 };
  const migrations = await retrying(() => migrationState(database.url, migrationsFolder), retry);
  const { version, bytes } = await retrying(() => serverFacts(database), retry);
  const isMade = migrations.applied.length > 0;
  return {
    database: place.url === null ? place.directory : placeOf(place.url),
    isEmbedded: place.url === null,
    ...{ version, bytes, migrations },
    runs: isMade ? await postgresStore(database, retry).getRuns() : [],
    blobs: {
      folder: blobs,
      stored: await storedSize(blobs),
      listed: isMade ? await listedSize(database) : { count: 0, bytes: 0 },
    },
  };
}

async function serverFacts({ pool }: Database): Promise<{ version: string; bytes: number }> {
  const { rows } = await pool.query<{ version: string; bytes: string }>(
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes`,
  );
  return { version: rows[0]?.version ?? "", bytes: Number(rows[0]?.bytes ?? 0) };
}

async function listedSize({ pool }: Database): Promise<Size> {
  const { rows } = await pool.query<{ count: string; bytes: string }>(
    `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM blobs`,
  );
  return { count: Number(rows[0]?.count ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}

async function storedSize(folder: string): Promise<Size> {
  let [count, bytes] = [0, 0];
  for await (const blob of folderLister(folder).list()) {
    count++;
    bytes += blob.bytes;
  }
  return { count, bytes };
}

/** The status for people. */
export function statusText(status: DatabaseStatus): string {
  const { database, isEmbedded, version, bytes, migrations, runs, blobs } = status;
  const facts = [
    ["database", isEmbedded ? `${database} (embedded)` : database],
    ["version", `Postgres ${version}`],
    ["size", sizeText(bytes)],
    ["migrations", migrationsText(migrations)],
    ["blobs", `${blobs.stored.count} in ${blobs.folder} (${sizeText(blobs.stored.bytes)})`],
    ["listed", `${blobs.listed.count} (${sizeText(blobs.listed.bytes)})`],
    ["runs", String(runs.length)],
  ];
  if (runs.length === 0) return tableText([], facts);
  const rows = runs.map(({ id, status, paused, rounds, createdAt }) => [
    ...[id, paused && status === "running" ? "paused" : status],
    ...[String(rounds), createdAt],
  ]);
  return `${tableText([], facts)}\n\n${tableText(["run", "status", "rounds", "created"], rows)}`;
}

function migrationsText({ applied, pending }: MigrationState): string {
  const open = pending.length === 0 ? "" : `; pending: ${pending.join(", ")}`;
  return `${applied.length} applied${open}`;
}

/** Bytes for people. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ""}`;
}
