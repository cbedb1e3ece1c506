import { readFile } from "node:fs/promises";
import { FedtuneError } from "@fedtune/core";
import { ledgerEvents, openLedger, parseEvents } from "@fedtune/dp";
import type { Ledger, PrivacyEvent } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";

/** What a ledger file says: everything that is charged, and the ledger itself where the file is one. */
export interface LedgerFile {
  readonly events: readonly PrivacyEvent[];
  /** Null for a plain list of events. */
  readonly ledger: Ledger | null;
}

/**
 * Reads a client's ledger (JSON Lines, every hash verified), or a plain JSON array of privacy events.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable` when it is neither, `state-corrupt` when a ledger was edited, cut
 * or reordered, `config-invalid` naming row and field
 */
export async function readPrivacyLedger(path: string): Promise<LedgerFile> {
  const text = await textOf(path);
  if (text.startsWith("{")) {
    const ledger = openLedger(text, { hash: nodeHash });
    return { events: ledgerEvents(ledger), ledger };
  }
  return { events: parseEvents(jsonOf(path, text), `the ledger ${path}`), ledger: null };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const missing = cause instanceof Error && Reflect.get(cause, "code") === "ENOENT";
    const [code, why] = missing
      ? (["file-missing", "there is no such file"] as const)
      : (["file-unreadable", "wanted a file that can be read"] as const);
    throw new FedtuneError(code, `Cannot read the ledger ${path}: ${why}`, {
      data: { path },
      cause,
    });
  }
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FedtuneError(
      "file-unreadable",
      `Cannot read the ledger ${path}: it is no JSON, wanted a ledger or an array of rows`,
      { data: { path }, cause },
    );
  }
}
