/** Fetching one file into the cache: hashed while it is written, and named by its hash only when that is right. */
import { FedtuneError } from "@fedtune/core";
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { HubFile } from "./node-hub-client.ts";

/** A blob that is to be had. */
export interface BlobToFetch {
  readonly file: HubFile;
  /** Where it goes; `.incomplete` is put behind while it is on its way. */
  readonly blob: string;
  /** The file's bytes from a place on. */
  read(from: number): AsyncIterable<Uint8Array>;
  /** Bytes that are there, those of an earlier process among them. */
  onBytes(done: number): void;
  readonly signal: AbortSignal;
}

/**
 * Goes on where an earlier process stopped; several processes may ask for the same blob, one of them fetches it.
 *
 * @throws FedtuneError `blob-corrupt` when size or hash are others than the hub said; and what `read` throws
 */
export async function fetchBlob(wanted: BlobToFetch): Promise<void> {
  const { blob, file } = wanted;
  if (await isWhole(blob, file)) return;
  await mkdir(dirname(blob), { recursive: true });
  await alone(`${blob}.incomplete.mark`, wanted.signal, async () => {
    if (await isWhole(blob, file)) return;
    const draft = `${blob}.incomplete`;
    const resumed = await lengthOf(draft);
    // An earlier process may have left anything: what it began is taken up once.
    if (resumed > 0 && (await append(wanted, draft, resumed))) return;
    await rm(draft, { force: true });
    if (await append(wanted, draft, 0)) return;
    await rm(draft, { force: true });
    throw corrupt(file);
  });
}

/** A blob has its name only since its hash was right. */
async function isWhole(blob: string, { bytes }: HubFile): Promise<boolean> {
  return (await lengthOf(blob)) === bytes;
}

/** -1: there is no such file. */
async function lengthOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}

/** Writes on from `from` bytes; false: what came is not the file. */
async function append(wanted: BlobToFetch, draft: string, from: number): Promise<boolean> {
  const { file, blob } = wanted;
  const hash = openHash(file);
  for await (const part of from > 0 ? createReadStream(draft) : []) hash.update(part as Uint8Array);
  const output = await open(draft, "a");
  let done = from;
  try {
    if (done < file.bytes)
      for await (const part of wanted.read(from)) {
        hash.update(part);
        await output.writeFile(part);
        done += part.length;
        if (done > file.bytes) return false;
        wanted.onBytes(done);
      }
    await output.sync();
  } finally {
    await output.close();
  }
  if (done !== file.bytes || hash.digest("hex") !== file.hash.hex) return false;
  await rename(draft, blob);
  return true;
}

function openHash({ hash, bytes }: HubFile): Hash {
  return hash.kind === "sha256"
    ? createHash("sha256")
    : createHash("sha1").update(`blob ${bytes}\0`);
}

function corrupt({ path, bytes, hash }: HubFile): FedtuneError {
  const message = `Cannot load ${path}: what came is not what the hub lists, wanted ${bytes} bytes with hash ${hash.hex}`;
  return new FedtuneError("blob-corrupt", message, {
    data: { path, bytes, hash: hash.hex, reason: "hub-corrupt" },
  });
}

const LOOK_AGAIN_MS = 100;
const STILL_HERE_MS = 1000;
/** Who has not said for so long that it works is gone. */
const GONE_MS = 10_000;

/** Works while nobody else does: whoever holds the mark renews it, so that what a killed process left grows old. */
async function alone(mark: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!(await take(mark))) {
    const { mtimeMs } = await stat(mark).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > GONE_MS) await rm(mark, { force: true });
    else await setTimeout(LOOK_AGAIN_MS, undefined, { signal });
  }
  const renewal = setInterval(() => {
    const now = new Date();
    void utimes(mark, now, now).catch(() => undefined);
  }, STILL_HERE_MS).unref();
  try {
    await work();
  } finally {
    clearInterval(renewal);
    await rm(mark, { force: true });
  }
}

function take(mark: string): Promise<boolean> {
  return writeFile(mark, "", { flag: "wx" }).then(
    () => true,
    (error: unknown) => {
      if ((error as { readonly code?: string }).code === "EEXIST") return false;
      throw error;
    },
  );
}
