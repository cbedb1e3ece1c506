/** SHA-256 of what a cell reads. */
import { canonicalJson, digest, FedtuneError, utf8 } from "@fedtune/core";
import type { Digest } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** Hashes of files and folders; each is read once. */
export interface FileHashes {
  /**
   * Of a file its bytes, of a folder the names and bytes of all files in it.
   *
   * @throws FedtuneError `file-missing`
   */
  of(path: string): Promise<Digest>;
}

/** Opens an empty memory of hashes. */
export function openFileHashes(): FileHashes {
  const known = new Map<string, Promise<Digest>>();
  return {
    of(path) {
      const hash = known.get(path) ?? hashOf(path);
      known.set(path, hash);
      return hash;
    },
  };
}

async function hashOf(path: string): Promise<Digest> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new FedtuneError("file-missing", `Cannot read ${path}: there is no such file or folder`, {
      data: { path },
      cause,
    });
  });
  if (!found.isDirectory()) return hashOfFile(path);
  const entries: (readonly [string, Digest])[] = [];
  for (const name of await filesIn(path)) entries.push([name, await hashOfFile(join(path, name))]);
  return nodeHash.sha256(utf8(canonicalJson(entries)));
}

async function hashOfFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return digest(hash.digest("hex"));
}

/** Paths within a folder, in an order of their own: disks list files in any. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .flatMap((entry) =>
      entry.isDirectory() ? [] : [relative(folder, join(entry.parentPath, entry.name))],
    )
    .sort();
}
