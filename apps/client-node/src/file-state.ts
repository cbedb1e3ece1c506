/** A client's durable memory as files: one per run, replaced in one step. */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { ClientRecord, ClientState, Hash, RunId } from "@fedtune/core";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { decodeRecord, encodeRecord } from "./record-file.ts";
import { storageError, systemCode } from "./storage-error.ts";

/**
 * Client state in `directory`, which belongs to one client of one coordinator; made on the first save.
 *
 * A save is durable when it resolves; saves of one state happen in the order of their calls. A process that is killed
 * during a save leaves the old record or the new one.
 *
 * @throws FedtuneError from `load`: `state-corrupt` when a file is damaged, after moving it aside; from both:
 * `storage-failed` when the disk is full or fails
 */
export function fileClientState(directory: string, hash: Hash): ClientState {
  let last: Promise<void> = Promise.resolve();
  const fileOf = (run: RunId): string => join(directory, `${run}.record`);
  return {
    load: async (run) => {
      await last.catch(() => undefined);
      const bytes = await readIfThere(fileOf(run));
      return bytes === null ? null : decodeOrMoveAside({ bytes, run, file: fileOf(run) }, hash);
    },
    save(record) {
      const bytes = encodeRecord(record, hash);
      const before = last.catch(() => undefined);
      last = before.then(() => replace(directory, fileOf(record.run), bytes));
      return last;
    },
  };
}

async function readIfThere(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw storageError("read", file, error);
  }
}

async function decodeOrMoveAside(
  found: { readonly bytes: Uint8Array; readonly run: RunId; readonly file: string },
  hash: Hash,
): Promise<ClientRecord> {
  const { bytes, run, file } = found;
  try {
    const record = decodeRecord(bytes, hash);
    if (record.run === run) return record;
    throw new FedtuneError(
      "state-corrupt",
      `Cannot use the client's record: it is of run "${record.run}"`,
    );
  } catch (error) {
    if (!isFedtuneError(error, "state-corrupt")) throw error;
    const movedTo = `${file}.corrupt-${hash.sha256(bytes).slice(0, 8)}`;
    await rename(file, movedTo);
    const message = `${error.message}; it was moved to ${movedTo}, and the next start begins afresh`;
    throw new FedtuneError("state-corrupt", message, { data: { file, movedTo }, cause: error });
  }
}

/** Writes a draft, makes it durable, puts it in the place of the old file, and makes that durable. */
async function replace(directory: string, file: string, bytes: Uint8Array): Promise<void> {
  const draft = `${file}.draft-${process.pid}`;
  try {
    await writeDurably(draft, bytes).catch(async (error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeDurably(draft, bytes);
    });
    await rename(draft, file);
    await sync(directory);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw storageError("write", file, error);
  }
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
