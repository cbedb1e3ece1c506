/** What a backup says of itself. It is written last: a folder without it is no backup. */
import { digestPattern, FedtuneError, parseInput } from "@fedtune/core";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const sha256 = z.string().regex(digestPattern);
const count = z.int().min(0);
const file = { file: z.string(), sha256 };

/** The manifest's shape. */
export const manifestSchema = z.strictObject({
  format: z.literal("fedtune-backup"),
  version: z.literal(1),
  /** ISO 8601 in UTC. */
  createdAt: z.iso.datetime(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: sha256 })),
  /** In the order in which they are written back. */
  tables: z.array(z.strictObject({ name: z.string(), rows: count, ...file })),
  /** One line for each blob; the bytes are in files named by their hash. */
  blobs: z.strictObject({ count, bytes: count, ...file }),
});

/** What a backup says of itself. */
export type Manifest = z.output<typeof manifestSchema>;

/** A line of the list of blobs. */
export const blobLineSchema = z.strictObject({ hash: sha256, bytes: count });

const MANIFEST = "manifest.json";

/** Ends a backup: its folder is one from here on. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const draft = join(folder, `${MANIFEST}.draft`);
  await writeDurably(draft, [`${JSON.stringify(manifest, null, 2)}\n`]);
  await rename(draft, join(folder, MANIFEST));
  await syncFolder(folder);
}

/** @throws FedtuneError `file-missing` for a folder that is no backup, `data-invalid` for a manifest that is damaged */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST), "utf8");
  } catch (cause) {
    const message = `Cannot restore from ${folder}: it has no ${MANIFEST}, so it is no finished backup`;
    throw new FedtuneError("file-missing", message, { cause });
  }
  const what = `${MANIFEST} of the backup`;
  return parseInput(manifestSchema, parsed(text, what), { what, code: "data-invalid" });
}

/** JSON of a file of the backup. */
export function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FedtuneError("data-invalid", `Cannot read ${what}: it is not JSON`, { cause });
  }
}

/** Writes a file that is on the disk when it is done; returns its SHA-256. */
export async function writeDurably(
  path: string,
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(path, "w", 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws FedtuneError `data-invalid` when the file is not what the manifest says */
export async function checkFile(
  folder: string,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
): Promise<void> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(join(folder, file))) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new FedtuneError("data-invalid", `Cannot restore: ${file} cannot be read`, { cause });
  }
  if (hash.digest("hex") === sha256) return;
  throw new FedtuneError("data-invalid", `Cannot restore: ${file} is not what was backed up`);
}

/** Where a blob's bytes are in a backup. */
export function blobFile(hash: string): string {
  return join("blobs", hash.slice(0, 2), hash);
}
