/** What a coordinator does once, when nobody can sign in yet. */
import type { Security } from "@fedtune/server";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { adminTokenFile } from "./run-client.ts";

/** Where the coordinator is, and what it keeps. */
export interface StartedAt {
  readonly url: string;
  readonly dataDir: string;
}

/** Says how the first account is made, and writes a token for who may read this machine's data folder. */
export async function firstStart(
  security: Security,
  { url, dataDir }: StartedAt,
  io: Pick<Io, "note">,
): Promise<void> {
  await firstOperator(security, url, io);
  const file = join(dataDir, adminTokenFile);
  if (existsSync(file)) return;
  const system = { kind: "token", actor: "system", scopes: ["admin"] } as const;
  const name = "this machine";
  const token = { name, scopes: ["admin"] as const, expiresAt: null };
  const { secret } = await security.apiTokens.create(token, system);
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, `${secret}\n`, { mode: 0o600, flag: "wx" });
  io.note(`fedtune run and fedtune token on this machine use ${file}`);
}

/** The operator `admin` where a password was chosen; else a code, with which a browser makes the first account. */
async function firstOperator(
  { firstOperator: first }: Security,
  url: string,
  io: Pick<Io, "note">,
): Promise<void> {
  const chosen = process.env["FEDTUNE_ADMIN_PASSWORD"] ?? "";
  if (chosen !== "") {
    await first.make(chosen);
    return;
  }
  const code = await first.newCode();
  if (code !== null)
    io.note(`First start: make the first account at ${url}/sign-in with the code ${code}`);
}
