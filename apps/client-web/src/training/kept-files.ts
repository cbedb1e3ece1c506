/** Files kept on this device under their hash, in the browser's private file system (OPFS); for workers. */
import type { Digest } from "@fedtune/core";

/** Synchronous access, which the page's types lack since only workers have it. */
interface SyncAccess {
  write(bytes: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}
interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccess>;
  move(name: string): Promise<void>;
}

/** A file on its way in; nothing of it is found under its hash before it is kept. */
export interface IncomingFile {
  /** @throws DOMException when the device is full */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Everything is there and was checked. */
  keep(hash: Digest): Promise<File>;
  discard(): Promise<void>;
}

/** The files of this origin. */
export interface KeptFiles {
  /** Null when it is not there, or has another size. */
  find(hash: Digest, bytes: number): Promise<File | null>;
  begin(): Promise<IncomingFile>;
}

const FOLDER = "models";
/** What is not finished after so long never will be: its tab is gone. */
const STALE_MS = 24 * 3600 * 1000;
const UNFINISHED = ".part";

/** Opens the folder, or null where the browser keeps nothing, as in some private windows and without HTTPS. */
export async function openKeptFiles(): Promise<KeptFiles | null> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    await removeStale(folder);
    return {
      find: (hash, bytes) => find(folder, hash, bytes),
      begin: () => begin(folder),
    };
  } catch {
    return null;
  }
}

/** Deletes every model that this browser keeps. */
export async function deleteKeptFiles(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(FOLDER, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function find(
  folder: FileSystemDirectoryHandle,
  hash: Digest,
  bytes: number,
): Promise<File | null> {
  try {
    const file = await (await folder.getFileHandle(hash)).getFile();
    return file.size === bytes ? file : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function begin(folder: FileSystemDirectoryHandle): Promise<IncomingFile> {
  const name = `${crypto.randomUUID()}${UNFINISHED}`;
  const handle = (await folder.getFileHandle(name, { create: true })) as WorkerFileHandle;
  const access = await handle.createSyncAccessHandle();
  let at = 0;
  return {
    write(bytes) {
      at += access.write(bytes, { at });
    },
    async keep(hash) {
      access.flush();
      access.close();
      await handle.move(hash);
      return handle.getFile();
    },
    async discard() {
      access.close();
      await folder.removeEntry(name).catch(() => undefined);
    },
  };
}

async function removeStale(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    if (!name.endsWith(UNFINISHED) || handle.kind !== "file") continue;
    const { lastModified } = await handle.getFile();
    if (Date.now() - lastModified > STALE_MS) await folder.removeEntry(name).catch(() => undefined);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotFoundError";
}
