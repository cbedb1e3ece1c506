/** Files that are there for good once they are written, over bare descriptors: a handle per file costs more than its system calls. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

const open = promisify(fs.open);
const write = promisify(fs.write);
const fsync = promisify(fs.fsync);
const close = promisify(fs.close);
const rename = promisify(fs.rename);
const remove = promisify(fs.unlink);
const stat = promisify(fs.stat);
const makeFolder = promisify(fs.mkdir);

/** What a file is made of. */
export interface DurableFile {
  readonly bytes: Uint8Array;
  /** Where it is written first, on the same file system; nobody else's. */
  readonly draft: string;
  /** Its place, one folder below `root`. */
  readonly file: string;
}

/** Writes files under one root. */
export type WriteDurably = (file: DurableFile) => Promise<void>;

/**
 * Makes the function that writes a draft, makes it durable, gives it its place in one step and makes that durable; after an
 * error there is no draft. A folder is made, and its own entry in `root` made durable, at its first file.
 */
export function durableWriter(root: string): WriteDurably {
  const known = new Set<string>();
  const ensure = async (folder: string): Promise<void> => {
    if (known.has(folder)) return;
    await makeFolder(folder, { recursive: true });
    await syncFolder(root);
    known.add(folder);
  };
  return async ({ bytes, draft, file }) => {
    const folder = dirname(file);
    try {
      await writeDraft(draft, bytes);
      await ensure(folder);
      await rename(draft, file).catch(async (error: unknown) => {
        if (codeOf(error) !== "ENOENT") throw error;
        // Somebody took the empty folder away.
        known.delete(folder);
        await ensure(folder);
        await rename(draft, file);
      });
      await syncFolder(folder);
    } catch (error) {
      await remove(draft).catch(() => undefined);
      throw error;
    }
  };
}

/** Length of a file; null: there is none. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** The operating system's word for an error; null: it is not one of its. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}

async function writeDraft(draft: string, bytes: Uint8Array): Promise<void> {
  const descriptor = await open(draft, "wx");
  try {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await write(descriptor, bytes, at, bytes.length - at, at);
      at += bytesWritten;
    }
    await fsync(descriptor);
  } finally {
    await close(descriptor);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const descriptor = await open(folder, "r");
  try {
    await fsync(descriptor);
  } finally {
    await close(descriptor);
  }
}
