/** What a coordinator does once, when nobody can sign in yet. */
import type { StartedDatabase } from "@fedtune/db";
import { nodeEntropy } from "@fedtune/node-ports";
import { bootstrapOperator } from "@fedtune/server";
import type { Security } from "@fedtune/server";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { adminTokenFile } from "./run-client.ts";

/** Makes the first operator, and a token for who may read this machine's data folder. */
export async function firstStart(
  security: Security,
  { database, dataDir }: { readonly database: StartedDatabase; readonly dataDir: string },
  io: Io,
): Promise<void> {
  const chosen = process.env["FEDTUNE_ADMIN_PASSWORD"] ?? null;
  const { operators } = security;
  const { prisma } = database;
  const first = await bootstrapOperator({ prisma, operators, entropy: nodeEntropy }, chosen);
  if (first !== null && first.password !== null)
    io.note(`First start: operator "${first.name}" with password ${first.password} (shown once)`);
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
