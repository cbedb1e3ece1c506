/** A data holder's privacy ledgers as files: JSON Lines that only grow, one file per data set and guarantee. */
import { canonicalJson, FedtuneError, utf8 } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import type { Ledgers, LedgerStore } from "@fedtune/client";
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { storageError, systemCode } from "./storage-error.ts";

/** How long one process waits for another one's work with the same ledger. */
const LOCK_PATIENCE_MS = 10_000;
const LOCK_PAUSE_MS = 20;

const ENDING = ".jsonl";

/** The ledgers in a folder, made when the first row is written; a row is durable when `append` resolves. */
export function fileLedgers(directory: string, hash: Hash): Ledgers {
  return {
    open(key) {
      const name = hash.sha256(utf8(canonicalJson(key))).slice(0, 16);
      return fileLedger(join(directory, `${name}${ENDING}`));
    },
    async all() {
      const files = await filesIn(directory);
      const texts = await Promise.all(
        files.map((file) => fileLedger(join(directory, file)).load()),
      );
      return texts.filter((text) => text !== null);
    },
    async exclusive(work) {
      const lock = join(directory, "ledgers.lock");
      await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw storageError("make", directory, error);
      });
      await take(lock);
      try {
        await work();
      } finally {
        await rm(lock, { force: true });
      }
    },
  };
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((file) => file.endsWith(ENDING)).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw storageError("read", directory, error);
  }
}

function fileLedger(file: string): LedgerStore {
  return {
    async load() {
      try {
        return await readFile(file, "utf8");
      } catch (error) {
        if (systemCode(error) === "ENOENT") return null;
        throw storageError("read", file, error);
      }
    },
    async append(text) {
      try {
        const handle = await open(file, "a", 0o600);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw storageError("write", file, error);
      }
    },
  };
}

/** Makes the lock file, which names its owner; that of a process that is gone is taken over. */
async function take(lock: string): Promise<void> {
  for (let waited = 0; waited <= LOCK_PATIENCE_MS; waited += LOCK_PAUSE_MS) {
    try {
      const handle = await open(lock, "wx", 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw storageError("lock", lock, error);
    }
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    else await setTimeout(LOCK_PAUSE_MS);
  }
  const message = `Cannot use the privacy ledger: another process has held ${lock} for ${LOCK_PATIENCE_MS} ms`;
  throw new FedtuneError("storage-failed", message, { data: { file: lock } });
}

async function isAbandoned(lock: string): Promise<boolean> {
  const owner = Number(await readFile(lock, "utf8").catch(() => ""));
  // Empty: its owner is about to write its name.
  if (!Number.isSafeInteger(owner) || owner <= 0) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
}
