/** The coordinator's API for a verb: its address, and the token that is at hand. */
import { createApiClient } from "@fedtune/api";
import type { ApiClient } from "@fedtune/api";
import { FedtuneError, idPattern, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerOptions } from "../verbs/run-options.ts";

/** Name of the file in a coordinator's data folder that holds a token for whoever may read that folder. */
export const adminTokenFile = "admin-token";

const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Makes a client with the token of the option, of FEDTUNE_TOKEN, or of a coordinator on this machine; without any it
 * asks as nobody.
 */
export async function openClient(options: ServerOptions): Promise<ApiClient> {
  const { server, token } = options;
  const secret = token ?? environmentToken() ?? (await localToken(options));
  const headers: Record<string, string> =
    secret === null ? {} : { authorization: `Bearer ${secret}` };
  return createApiClient({
    ...{ url: server, fetch, clock: nodeClock, hash: nodeHash },
    headers: () => headers,
  });
}

function environmentToken(): string | null {
  const text = process.env["FEDTUNE_TOKEN"] ?? "";
  return text === "" ? null : text;
}

/** The token in the data folder; read for this machine only, so that no other coordinator ever gets it. */
async function localToken({ server, dataDir }: ServerOptions): Promise<string | null> {
  if (!loopback.has(new URL(server).hostname)) return null;
  const text = await readFile(join(dataDir, adminTokenFile), "utf8").catch(() => "");
  return /^[\x21-\x7e]{1,256}$/.exec(text.trim())?.[0] ?? null;
}

/** @throws FedtuneError `usage` for what cannot be the name of a run */
export function runNamed(text: string): RunId {
  if (idPattern.test(text)) return runId(text);
  throw new FedtuneError(
    "usage",
    `Cannot ask for run "${text.slice(0, 80)}": wanted letters, digits, - and _, at most 64`,
  );
}

/** Reads a list to its end. */
export async function allOf<Item>(
  read: (
    from: number,
  ) => Promise<{ readonly items: readonly Item[]; readonly next: number | null }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (let from: number | null = 0; from !== null;) {
    const { items, next } = await read(from);
    all.push(...items);
    from = next;
  }
  return all;
}
