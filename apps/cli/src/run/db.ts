import { FedtuneError } from "@fedtune/core";
import { backup, connectDatabase, folderReader, restore, startDatabase } from "@fedtune/db";
import type { Database, Manifest, StartOptions } from "@fedtune/db";
import { nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs } from "@fedtune/server";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { databaseStatus, sizeText, statusText } from "./db-status.ts";

/** What `fedtune db` was asked for. */
export interface DbOptions {
  readonly what: "migrate" | "status" | "backup" | "restore";
  readonly folder?: string | undefined;
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
}

/**
 * Does what an operator does with the database.
 *
 * @throws FedtuneError `usage` for a missing or superfluous folder; `file-missing` where there is no database; what the
 * database refuses
 */
export async function runDb(options: DbOptions, io: Io): Promise<undefined> {
  const { what, folder, dataDir } = options;
  const place = placeOfDatabase(options);
  const blobs = join(dataDir, "blobs");
  if (what === "backup") return runBackup({ place, blobs, to: folderFor(options) }, io);
  if (what === "restore") return runRestore({ place, blobs, from: folderFor(options) }, io);
  if (folder !== undefined) throw usage(`fedtune db ${what} takes no folder: found "${folder}"`);
  if (what === "migrate") return runMigrate(place, io);
  const status = await using(place, (database) => databaseStatus(database, { place, blobs }));
  io.result(status, () => statusText(status));
  return undefined;
}

function placeOfDatabase({ databaseUrl, dataDir }: DbOptions): StartOptions {
  const url = databaseUrl ?? process.env["DATABASE_URL"] ?? "";
  const directory = join(dataDir, "postgres");
  return { url: url === "" ? null : url, directory, retryForMs: 10_000 };
}

async function runMigrate(place: StartOptions, io: Io): Promise<undefined> {
  const database = await startDatabase(place);
  await database.close();
  const { applied } = database;
  io.result({ applied }, () =>
    applied.length === 0
      ? "The database is up to date"
      : applied.map((name) => `Applied ${name}`).join("\n"),
  );
  return undefined;
}

async function runBackup(
  {
    place,
    blobs,
    to,
  }: { readonly place: StartOptions; readonly blobs: string; readonly to: string },
  io: Io,
): Promise<undefined> {
  const { manifest, missing } = await using(place, (database) =>
    backup({ database, blobs: folderReader(blobs), to }),
  );
  if (missing.length > 0) {
    io.note(`Note: ${missing.length} blobs are listed but not in ${blobs}; first: ${missing[0]}`);
  }
  const facts = factsOf(manifest);
  io.result({ to, ...facts, missing }, () => `Backed up to ${to}\n${factsText(facts)}`);
  return undefined;
}

async function runRestore(
  {
    place,
    blobs,
    from,
  }: { readonly place: StartOptions; readonly blobs: string; readonly from: string },
  io: Io,
): Promise<undefined> {
  const database = await startDatabase(place);
  try {
    const target = await openFolderBlobs(blobs, { verify: nodeHash });
    const facts = factsOf(await restore({ from, database, blobs: target }));
    io.result({ from, ...facts }, () => `Restored from ${from}\n${factsText(facts)}`);
  } finally {
    await database.close();
  }
  return undefined;
}

/** Opens a database that must be there, without changing it. */
async function using<T>(place: StartOptions, work: (database: Database) => Promise<T>): Promise<T> {
  if (place.url === null && !existsSync(join(place.directory, "PG_VERSION"))) {
    const message = `Cannot find a database in ${place.directory}: name its folder with --data-dir, or its URL`;
    throw new FedtuneError("file-missing", message);
  }
  const database = await connectDatabase(place);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function factsOf({ createdAt, tables, blobs }: Manifest) {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const runs = tables.find(({ name }) => name === "runs")?.rows ?? 0;
  return { createdAt, runs, rows, blobs: blobs.count, bytes: blobs.bytes };
}

function factsText({ createdAt, runs, rows, blobs, bytes }: ReturnType<typeof factsOf>): string {
  return tableText(
    [],
    [
      ["taken", createdAt],
      ["runs", String(runs)],
      ["rows", String(rows)],
      ["blobs", `${blobs} (${sizeText(bytes)})`],
    ],
  );
}

function folderFor({ what, folder }: DbOptions): string {
  if (folder !== undefined) return folder;
  throw usage(`fedtune db ${what} needs the folder of the backup`);
}

function usage(why: string): FedtuneError {
  return new FedtuneError("usage", why, { data: { help: "fedtune db --help" } });
}
