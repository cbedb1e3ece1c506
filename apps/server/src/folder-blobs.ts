/** Blobs as files named by their hash: `DIRECTORY/ab/abcd…`, complete or not there at all. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, Digest, Hash } from "@fedtune/core";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, durableWriter, fileSize } from "./durable-files.ts";

/** How a folder of blobs is used. */
export interface FolderBlobsOptions {
  /** Re-hashes what is read; absent: trusts the disk. */
  readonly verify?: Hash;
}

/**
 * Opens a folder of blobs, which several processes may do; makes it if it is missing, removes what a crash left half
 * written an hour ago or earlier.
 *
 * @throws FedtuneError `storage-failed` from every method when the disk is full or fails; what was stored before stays
 */
export async function openFolderBlobs(
  directory: string,
  options: FolderBlobsOptions = {},
): Promise<Blobs> {
  const drafts = join(directory, "drafts");
  await guarded("open", directory, async () => {
    await mkdir(drafts, { recursive: true });
    await clear(drafts);
  });
  const pathOf = (hash: Digest): string => pathIn(directory, hash);
  const write = durableWriter(directory);
  return {
    async put(bytes, hash) {
      await guarded("store", hash, async () => {
        const file = pathOf(hash);
        if ((await fileSize(file)) === bytes.length) return;
        await write({ bytes, file, draft: join(drafts, `${hash}.${randomUUID()}`) });
      });
      return { hash, bytes: bytes.length };
    },
    get: folderReader(directory, options).get,
    has: (hash) => guarded("find", hash, async () => (await fileSize(pathOf(hash))) !== null),
    delete: (hash) => guarded("delete", hash, () => rm(pathOf(hash), { force: true })),
  };
}

/** Reads a folder of blobs that another thread has opened. */
export function folderReader(
  directory: string,
  { verify }: FolderBlobsOptions = {},
): Pick<Blobs, "get"> {
  return {
    async get(hash) {
      const { buffer, byteOffset, length } = await guarded("read", hash, () =>
        readFile(pathIn(directory, hash)),
      );
      // Not a Buffer: its slice() would share memory where that of all other bytes copies.
      const bytes = new Uint8Array(buffer, byteOffset, length);
      if (verify === undefined || verify.sha256(bytes) === hash) return bytes;
      throw new FedtuneError("blob-corrupt", `Cannot use blob ${hash}: its file holds other bytes`);
    },
  };
}

function pathIn(directory: string, hash: Digest): string {
  return join(directory, hash.slice(0, 2), hash);
}

/** A draft that is older than this is nobody's any more: other processes may be writing younger ones. */
const DRAFT_MS = 3_600_000;

async function clear(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) {
    const draft = join(drafts, name);
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - DRAFT_MS) await rm(draft, { force: true });
  }
}

async function guarded<T>(action: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (action === "read" && code === "ENOENT")
      throw new FedtuneError("blob-missing", `Cannot find blob ${what}`);
    const reason =
      code === "ENOSPC"
        ? "the disk is full"
        : error instanceof Error
          ? error.message
          : String(error);
    const message = `Cannot ${action} blob ${what}: ${reason}`;
    throw new FedtuneError("storage-failed", message, { data: { reason: code }, cause: error });
  }
}
