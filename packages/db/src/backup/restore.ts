/** Writes a backup back into an empty database. */
import { digest, FedtuneError, parseInput } from "@fedtune/core";
import type { Blobs } from "@fedtune/core";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { Database } from "../client.ts";
import { blobFile, blobLineSchema, checkFile, parsed, readManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { sessionOf } from "./session.ts";
import { appliedMigrations, quoted, tableNames } from "./tables.ts";

/** What is restored, and where to. */
export interface RestoreOptions {
  /** The folder of the backup. */
  readonly from: string;
  /** Migrated, and empty. */
  readonly database: Database;
  readonly blobs: Pick<Blobs, "put">;
}

/** Added to every run's epoch: a coordinator that lived on after the backup is fenced, however often it was taken over. */
export const RESTORED_EPOCH_STEP = 1_000_000;

/** Characters of the rows that one statement writes, about. */
const BATCH_LENGTH = 2_000_000;

/**
 * Restores a backup: first everything in it is verified, then the blobs are stored, then all rows in one transaction.
 *
 * @throws FedtuneError `config-conflict` when the database is not empty, or has other migrations; `data-invalid` when the
 * backup is damaged, `file-missing` when there is none; `storage-failed`
 */
export async function restore({ from, database, blobs }: RestoreOptions): Promise<Manifest> {
  const manifest = await readManifest(from);
  for (const file of [...manifest.tables, manifest.blobs]) await checkFile(from, file);
  const lines = await blobLines(from, manifest);
  for (const { hash } of lines) await checkFile(from, { file: blobFile(hash), sha256: hash });
  await sessionOf(database, async (client) => {
    await client.query("BEGIN");
    await checkMigrations(client, manifest);
    await checkEmpty(client);
    for (const { hash } of lines) {
      const bytes = new Uint8Array(await readFile(join(from, blobFile(hash))));
      await blobs.put(bytes, digest(hash));
    }
    for (const table of manifest.tables) await readTable(client, from, table);
    await fenceOff(client);
    await client.query("COMMIT");
  });
  return manifest;
}

async function blobLines(from: string, { blobs }: Manifest) {
  const text = await readFile(join(from, blobs.file), "utf8");
  const what = blobs.file;
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => parseInput(blobLineSchema, parsed(line, what), { what, code: "data-invalid" }));
}

async function checkMigrations(client: pg.Client, { migrations }: Manifest): Promise<void> {
  const have = await appliedMigrations(client);
  if (JSON.stringify(have) === JSON.stringify(migrations)) return;
  const [last, wanted] = [have.at(-1)?.name ?? "none", migrations.at(-1)?.name ?? "none"];
  const message = `Cannot restore: the database has migrations up to ${last}, the backup up to ${wanted}; restore it with the version that made it, then migrate`;
  throw new FedtuneError("config-conflict", message);
}

/** Locks every table: nobody writes until all rows are there. */
async function checkEmpty(client: pg.Client): Promise<void> {
  const names = await tableNames(client);
  await client.query(`LOCK TABLE ${names.map(quoted).join(", ")} IN EXCLUSIVE MODE`);
  for (const name of names) {
    const { rowCount } = await client.query(`SELECT 1 FROM ${quoted(name)} LIMIT 1`);
    if (rowCount === 0) continue;
    const message = `Cannot restore into a database that is not empty: table ${name} has rows`;
    throw new FedtuneError("config-conflict", message);
  }
}

async function readTable(
  client: pg.Client,
  from: string,
  { name, file, rows }: Manifest["tables"][number],
): Promise<void> {
  const table = quoted(name);
  let written = 0;
  const write = async (batch: readonly string[]): Promise<void> => {
    const { rowCount } = await client.query(
      `INSERT INTO ${table} SELECT * FROM json_populate_recordset(null::${table}, $1::json)`,
      [`[${batch.join(",")}]`],
    );
    written += rowCount ?? 0;
  };
  let batch: string[] = [];
  let size = 0;
  for await (const line of linesOf(join(from, file))) {
    batch.push(line);
    size += line.length;
    if (size < BATCH_LENGTH) continue;
    await write(batch);
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) await write(batch);
  if (written === rows) return;
  const message = `Cannot restore table ${name}: it has ${written} rows, the manifest says ${rows}`;
  throw new FedtuneError("data-invalid", message);
}

/** Lines of a file of any size; only a line feed ends one. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8")) {
    const [first = "", ...more] = String(chunk).split("\n");
    rest += first;
    for (const next of more) {
      yield rest;
      rest = next;
    }
  }
}

/** Nobody owns a run of the past. */
async function fenceOff(client: pg.Client): Promise<void> {
  await client.query(`UPDATE runs SET epoch = epoch + $1, owner_id = NULL, lease_until = NULL`, [
    RESTORED_EPOCH_STEP,
  ]);
}
