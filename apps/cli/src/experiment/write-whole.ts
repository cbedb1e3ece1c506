import { FedtuneError } from "@fedtune/core";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** How the names of files end that are not written to their end. */
export const DRAFT = ".draft";

/**
 * Writes a text file that is there whole or, whatever happens meanwhile, as it was before.
 *
 * @throws FedtuneError `storage-failed`; a full disk is named as such
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}${DRAFT}`;
  try {
    await written(draft, text);
    await rename(draft, path);
    await synced(dirname(path));
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw failed(path, cause);
  }
}

/** Makes a folder and those above it. @throws FedtuneError `storage-failed` */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw failed(path, cause);
  });
}

function failed(path: string, cause: unknown): FedtuneError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : message;
  return new FedtuneError("storage-failed", `Cannot write ${path}: ${why}`, {
    data: { path },
    cause,
  });
}

async function written(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function synced(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
