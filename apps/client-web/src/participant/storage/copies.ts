/**
 * The rows that training reads, kept in this browser so that a reload in the middle of a round goes on without asking for
 * the file again. Only used rows and columns are in a copy; deleting everything deletes it.
 */
import { FedtuneError } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import { canonicalJson, utf8 } from "@fedtune/core";
import type { FileFacts } from "../file-report.ts";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { inStorage } from "./storage-error.ts";

/** The key of a copy: the same file, used in the same way, is kept once. */
export function copyKey(facts: FileFacts, labels: readonly string[], hash: Hash): string {
  const { sha256, mapping, mappedLabels } = facts;
  return hash.sha256(utf8(canonicalJson({ sha256, mapping, mappedLabels, labels })));
}

/** Keeps a copy. @throws FedtuneError `storage-failed`, with `data.neededBytes` when there is no room */
export async function writeCopy(
  database: ParticipantDatabase,
  key: string,
  copy: Blob,
): Promise<void> {
  try {
    await inStorage("keep a copy of the file", async () => {
      const change = database.transaction("copies", "readwrite", durably);
      await change.store.put(copy, key);
      await change.done;
    });
  } catch (error) {
    if (!(error instanceof FedtuneError)) throw error;
    const data = { ...error.data, neededBytes: copy.size };
    throw new FedtuneError(error.code, error.message, { data, cause: error });
  }
}

/** Null: it is not there any more, or cannot be read. */
export async function readCopy(database: ParticipantDatabase, key: string): Promise<Blob | null> {
  const copy = await inStorage("read the copy of the file", () => database.get("copies", key));
  if (copy === undefined) return null;
  // A browser that threw the bytes away says so only when they are read.
  const first = await copy
    .slice(0, 1)
    .arrayBuffer()
    .catch(() => null);
  return first === null || first.byteLength === 0 ? null : copy;
}

/** Deletes copies that no run of this browser needs. */
export async function dropCopies(
  database: ParticipantDatabase,
  needed: ReadonlySet<string>,
): Promise<void> {
  await inStorage("delete copies of files", async () => {
    const change = database.transaction("copies", "readwrite", durably);
    for (const key of await change.store.getAllKeys())
      if (!needed.has(key)) await change.store.delete(key);
    await change.done;
  });
}
