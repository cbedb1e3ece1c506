import { readFile } from "node:fs/promises";
import { FedtuneError } from "@fedtune/core";
import { parseEvents } from "@fedtune/dp";
import type { PrivacyEvent } from "@fedtune/dp";

/**
 * The rows of a ledger file: a JSON array of privacy events.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable` when it is no JSON, `config-invalid` naming row and field
 */
export async function readPrivacyLedger(path: string): Promise<readonly PrivacyEvent[]> {
  return parseEvents(jsonOf(path, await textOf(path)), `the ledger ${path}`);
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
      `Cannot read the ledger ${path}: it is no JSON, wanted an array of rows`,
      { data: { path }, cause },
    );
  }
}
