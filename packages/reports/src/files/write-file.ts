/** Files of a report: each is written whole under another name and put in place in one step. */
import { FedtuneError } from "@fedtune/core";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Puts a file in the place of an older one; its folder is made.
 *
 * @throws FedtuneError `storage-failed` with the path
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, content, { flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new FedtuneError("storage-failed", `Cannot write ${path}: ${reason}`, {
      data: { path },
      cause: error,
    });
  }
}
