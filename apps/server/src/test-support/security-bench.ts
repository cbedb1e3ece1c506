/** Security on a database of its own, with a wall clock that tests turn. */
import type { ClientIdentity } from "@fedtune/client";
import { createIdentity, signedHandshake, signedHeaders } from "@fedtune/client";
import { clientId, isFedtuneError, runId } from "@fedtune/core";
import type { Digest, ErrorCode, RunId } from "@fedtune/core";
import { startDatabase } from "@fedtune/db";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { webcrypto } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Role } from "../security/operators.ts";
import type { StartedSession } from "../security/sessions.ts";
import { openSecurity } from "../security/security.ts";
import type { Security, SecurityOptions } from "../security/security.ts";

/** A database in a temporary folder, and the time that its users see. */
export async function securityBench() {
  const directory = await mkdtemp(join(tmpdir(), "fedtune-security-"));
  const database = await startDatabase({ url: null, directory });
  const { prisma } = database;
  const time = { ms: Date.UTC(2026, 0, 1) };
  const ports = {
    ...{ prisma, now: () => new Date(time.ms), entropy: nodeEntropy, hash: nodeHash },
    secure: true,
  } satisfies SecurityOptions;
  return {
    prisma,
    time,
    ports,
    open: (options: Partial<SecurityOptions> = {}): Security =>
      openSecurity({ ...ports, ...options }),
    async addRun(name: string): Promise<RunId> {
      await prisma.run.create({ data: { id: name, configHash: "0".repeat(64), config: {} } });
      return runId(name);
    },
    async close(): Promise<void> {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A database with its clock. */
export type SecurityBench = Awaited<ReturnType<typeof securityBench>>;

/** A client with a key of its own. */
export interface SigningClient {
  readonly identity: ClientIdentity;
  headers(request: {
    readonly method: string;
    readonly path: string;
    readonly bodyHash?: Digest;
    readonly run?: string;
    readonly client?: string;
  }): Promise<Record<string, string>>;
  handshake(): ReturnType<typeof signedHandshake>;
}

/** Makes a client that signs for a run under a name, by the bench's clock. */
export async function signingClient(
  bench: Pick<SecurityBench, "time">,
  names: { readonly run: RunId; readonly client: string },
): Promise<SigningClient> {
  const { identity } = await createIdentity(webcrypto.subtle);
  const ports = { wallTime: () => bench.time.ms, entropy: nodeEntropy };
  const who = { run: names.run, client: clientId(names.client) };
  return {
    identity,
    headers: ({ run, client, ...request }) =>
      signedHeaders(
        identity,
        {
          ...request,
          run: run === undefined ? who.run : runId(run),
          client: client === undefined ? who.client : clientId(client),
        },
        ports,
      ),
    handshake: () => signedHandshake(identity, who, ports),
  };
}

/** What a browser at `https://lab.example` sends with a session's secret. */
export function cookieHeaders(secret: string): { readonly cookie: string; readonly host: string } {
  return { host: "lab.example", cookie: `theme=dark; __Host-fedtune-session=${secret}` };
}

/** Creates an operator and signs in. */
export async function signedIn(
  { operators, sessions }: Security,
  name = "ada",
  role: Role = "operator",
): Promise<StartedSession> {
  const operator = await operators.create({ name, password: "correct horse battery", role });
  return sessions.start(operator.id);
}

/** The code with which a promise is refused; null: it is not. Anything but a refusal is thrown. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (isFedtuneError(error)) return error.code;
    throw error;
  }
}
