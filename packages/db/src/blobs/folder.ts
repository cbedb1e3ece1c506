/** What is in a folder of blobs, `DIRECTORY/ab/abcd…`, for those who only look: nothing is made, cleared or written. */
import { digest, digestPattern, FedtuneError } from "@fedtune/core";
import type { Blobs, Digest } from "@fedtune/core";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BlobLister, ListedBlob } from "./sweep.ts";

/** Reads blobs while another program writes them. */
export function folderReader(directory: string): Pick<Blobs, "get" | "has"> {
  const pathOf = (hash: Digest): string => join(directory, hash.slice(0, 2), hash);
  return {
    async get(hash) {
      try {
        return new Uint8Array(await readFile(pathOf(hash)));
      } catch (cause) {
        if (isMissing(cause)) throw new FedtuneError("blob-missing", `Cannot find blob ${hash}`);
        const message = `Cannot read blob ${hash} in ${directory}`;
        throw new FedtuneError("storage-failed", message, { cause });
      }
    },
    has: async (hash) => (await statOrNull(pathOf(hash))) !== null,
  };
}

/** Lists a folder of blobs; a folder that is missing has none. */
export function folderLister(directory: string): BlobLister {
  return {
    async *list() {
      for (const group of await namesIn(directory)) {
        if (!/^[0-9a-f]{2}$/.test(group)) continue;
        for (const name of await namesIn(join(directory, group))) {
          const blob = digestPattern.test(name)
            ? await listed(join(directory, group, name), digest(name))
            : null;
          if (blob !== null) yield blob;
        }
      }
    },
  };
}

async function listed(path: string, hash: Digest): Promise<ListedBlob | null> {
  const found = await statOrNull(path);
  return found === null ? null : { hash, bytes: found.size, storedAt: found.mtimeMs };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
