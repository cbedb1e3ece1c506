/**
 * Letting clients in: a token of one run is exchanged for the registration of a client's public key.
 *
 * One transaction takes a use of the token and registers the key, so that neither happens without the other, however
 * many ask at once.
 */
import { FedtuneError, publicKeySchema } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import type { SecurityPorts } from "./ports.ts";
import { hashOfSecret, newSecret } from "./secrets.ts";

/** What every enrolment token begins with. */
const enrolmentTokenPrefix = "fte_";
const secretPattern = /^fte_[A-Za-z0-9_-]{43}$/;

/** An hour. */
const defaultEnrolmentTtlMs = 3_600_000;

/** Patience with other enrolments of the same token. */
const TRANSACTION = { maxWait: 10_000, timeout: 10_000 };

/** A token as others may see it. */
export interface EnrolmentToken {
  readonly id: string;
  readonly run: RunId;
  /** The one client that may use it; null: any. */
  readonly client: ClientId | null;
  /** Null: any number of clients. */
  readonly maxUses: number | null;
  readonly uses: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

/** What to create. */
export interface NewEnrolmentToken {
  readonly run: RunId;
  readonly client?: ClientId | null;
  readonly maxUses?: number | null;
  /** Default {@link defaultEnrolmentTtlMs}. */
  readonly ttlMs?: number;
}

/** Who wants in. */
export interface EnrolmentRequest {
  readonly run: RunId;
  readonly client: ClientId;
  /** Raw Ed25519, 64 hexadecimal characters. */
  readonly publicKey: string;
  readonly token: string | null;
  /** Whether the run takes clients without a token. */
  readonly isOpen?: boolean;
}

/** What came of an enrolment. */
export interface Enrolled {
  readonly enrolledAt: Date;
  /** Whether the key was registered just now. */
  readonly isNew: boolean;
}

/** Enrolment tokens in the database, and what they are for. */
export interface Enrolments {
  /** The secret is shown once and kept nowhere. @throws FedtuneError `run-unknown` */
  create(
    token: NewEnrolmentToken,
  ): Promise<{ readonly token: EnrolmentToken; readonly secret: string }>;
  /** The tokens of a run, the oldest first. */
  list(run: RunId): Promise<EnrolmentToken[]>;
  /** From now on it admits nobody; who came in by it stays. @throws FedtuneError `message-invalid` without such a token */
  revoke(run: RunId, id: string): Promise<void>;
  /**
   * Registers a client's key. The key that the client has already is taken again, whatever the token, and takes no use.
   *
   * @throws FedtuneError `unauthenticated` without a token or with one of nobody; `forbidden` for a token of another
   * run or client, and for another key than the client's; `credential-expired` when its time or its uses are up;
   * `credential-revoked` for a revoked token or client; `message-invalid` for a key that is none; `run-unknown`
   */
  enrol(request: EnrolmentRequest): Promise<Enrolled>;
  /**
   * What a token admits to, without taking a use of it.
   *
   * @throws FedtuneError as {@link Enrolments.enrol} for a token that would let nobody into this run now
   */
  look(run: RunId, token: string | null): Promise<EnrolmentToken>;
}

type Transaction = Pick<SecurityPorts["prisma"], "clientKey" | "enrolmentToken" | "$executeRaw">;

/** Makes the repository of enrolments. */
export function enrolments(ports: SecurityPorts): Enrolments {
  const { prisma, now } = ports;
  return {
    create: (token) => create(ports, token),
    async list(run) {
      const rows = await prisma.enrolmentToken.findMany({
        where: { runId: run },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      });
      return rows.map(seen);
    },
    async revoke(run, id) {
      const tokens = await prisma.enrolmentToken.findMany({ where: { runId: run } });
      const token = tokens.find((row) => row.id === id);
      if (token === undefined) {
        throw new FedtuneError(
          "message-invalid",
          `Cannot find enrolment token "${id.slice(0, 80)}"`,
        );
      }
      await prisma.enrolmentToken.updateMany({
        where: { id, revokedAt: null },
        data: { revokedAt: now() },
      });
    },
    enrol: (request) => enrol(ports, request),
    look: (run, token) => look(ports, run, token),
  };
}

async function create({ prisma, now, entropy, hash }: SecurityPorts, token: NewEnrolmentToken) {
  const { run, client = null, maxUses = null, ttlMs = defaultEnrolmentTtlMs } = token;
  await holdRun(prisma, run);
  const secret = newSecret(entropy, enrolmentTokenPrefix);
  const createdAt = now();
  const expiresAt = new Date(createdAt.getTime() + ttlMs);
  const tokenHash = hashOfSecret(hash, secret);
  const row = await prisma.enrolmentToken.create({
    data: { runId: run, tokenHash, client, maxUses, createdAt, expiresAt },
  });
  return { token: seen(row), secret };
}

async function holdRun(prisma: SecurityPorts["prisma"], run: RunId): Promise<void> {
  if ((await prisma.run.count({ where: { id: run } })) > 0) return;
  throw new FedtuneError("run-unknown", `Cannot find run "${run}"`);
}

async function enrol(ports: SecurityPorts, request: EnrolmentRequest): Promise<Enrolled> {
  const { prisma, now } = ports;
  const { run, client, publicKey, token, isOpen = false } = request;
  if (!publicKeySchema.safeParse(publicKey).success) {
    const message = "Cannot enrol: wanted a public key of 64 hexadecimal characters";
    throw new FedtuneError("message-invalid", message);
  }
  const before = await enrolledBefore(prisma, request);
  if (before !== null) return before;
  await holdRun(prisma, run);
  const isNeeded = !isOpen || token !== null;
  return prisma.$transaction(async (transaction) => {
    if (isNeeded) {
      const refused = await takeUse(transaction, ports, request);
      // The same client may have been let in while this one waited for the token.
      const meanwhile = refused === null ? null : await enrolledBefore(transaction, request);
      if (meanwhile !== null) return meanwhile;
      if (refused !== null) throw refused;
    }
    const enrolledAt = now();
    const { count } = await transaction.clientKey.createMany({
      data: [{ runId: run, client, publicKey, enrolledAt }],
      skipDuplicates: true,
    });
    if (count === 1) return { enrolledAt, isNew: true };
    const twin = await enrolledBefore(transaction, request);
    if (twin !== null && isNeeded) await giveBackUse(transaction, ports, request);
    if (twin !== null) return twin;
    const message = `Cannot enrol client "${client}" in run "${run}": the name has another key; choose another name, or have the key reset`;
    throw new FedtuneError("forbidden", message);
  }, TRANSACTION);
}

/** When the client enrolled with this very key; null: it has not. @throws FedtuneError `credential-revoked` */
async function enrolledBefore(
  { clientKey }: Pick<Transaction, "clientKey">,
  { run, client, publicKey }: EnrolmentRequest,
): Promise<Enrolled | null> {
  const row = await clientKey.findUnique({ where: { runId_client: { runId: run, client } } });
  if (row?.publicKey !== publicKey) return null;
  if (row.revokedAt === null) return { enrolledAt: row.enrolledAt, isNew: false };
  const message = `Cannot enrol client "${client}" in run "${run}": its key was revoked`;
  throw new FedtuneError("credential-revoked", message);
}

/** Takes one use of the token in one statement, which waits for others that take one; or says why it cannot. */
async function takeUse(
  transaction: Transaction,
  { now, hash }: SecurityPorts,
  { run, client, token }: EnrolmentRequest,
): Promise<FedtuneError | null> {
  const tokenHash = tokenHashOf(hash, token);
  const at = now();
  if (tokenHash !== null) {
    const taken = await transaction.$executeRaw`
      UPDATE enrolment_tokens SET uses = uses + 1
      WHERE token_hash = ${tokenHash} AND run_id = ${run} AND revoked_at IS NULL AND expires_at > ${at}
        AND (client IS NULL OR client = ${client}) AND (max_uses IS NULL OR uses < max_uses)`;
    if (taken === 1) return null;
  }
  const cannot = `Cannot enrol client "${client}" in run "${run}"`;
  const found = await findToken(transaction, tokenHash);
  const refused = refusal({ run, client, cannot }, token === null ? null : { found }, at);
  // Others may have taken the last use in between.
  return refused ?? usedUp(cannot, found);
}

async function look(
  { prisma, hash, now }: SecurityPorts,
  run: RunId,
  token: string | null,
): Promise<EnrolmentToken> {
  const found = await findToken(prisma, tokenHashOf(hash, token));
  const cannot = `Cannot open the invitation to run "${run}"`;
  const asked = { run, client: null, cannot };
  const refused = refusal(asked, token === null ? null : { found }, now());
  if (found !== null && refused === null) return found;
  throw refused ?? usedUp(cannot, found);
}

async function findToken(
  { enrolmentToken }: Pick<Transaction, "enrolmentToken">,
  tokenHash: string | null,
): Promise<EnrolmentToken | null> {
  const row = tokenHash === null ? null : await enrolmentToken.findUnique({ where: { tokenHash } });
  return row === null ? null : seen(row);
}

/** A client that was let in twice at the same moment counts once. */
async function giveBackUse(
  { enrolmentToken }: Pick<Transaction, "enrolmentToken">,
  { hash }: SecurityPorts,
  { token }: EnrolmentRequest,
): Promise<void> {
  const tokenHash = tokenHashOf(hash, token) ?? "";
  await enrolmentToken.updateMany({ where: { tokenHash }, data: { uses: { decrement: 1 } } });
}

function tokenHashOf(hash: SecurityPorts["hash"], token: string | null): string | null {
  return token !== null && secretPattern.test(token) ? hashOfSecret(hash, token) : null;
}

/** Why a token admits nobody; null: it does. `token` is null where none was shown, `client` where it may be any. */
function refusal(
  { run, client, cannot }: { run: RunId; client: ClientId | null; cannot: string },
  token: { readonly found: EnrolmentToken | null } | null,
  at: Date,
): FedtuneError | null {
  if (token === null) {
    return new FedtuneError("unauthenticated", `${cannot}: wanted an enrolment token`);
  }
  const { found } = token;
  if (found === null) {
    return new FedtuneError("unauthenticated", `${cannot}: nobody has made this enrolment token`);
  }
  if (found.run !== run) {
    return new FedtuneError("forbidden", `${cannot}: the token is of another run`);
  }
  if (found.client !== null && client !== null && found.client !== client) {
    return new FedtuneError("forbidden", `${cannot}: the token is for another client`);
  }
  if (found.revokedAt !== null) {
    return new FedtuneError("credential-revoked", `${cannot}: the token was revoked`);
  }
  if (found.expiresAt <= at) {
    const expiresAt = found.expiresAt.toISOString();
    const data = { reason: "expired", expiresAt };
    const message = `${cannot}: the token expired at ${expiresAt}`;
    return new FedtuneError("credential-expired", message, { data });
  }
  const isUsedUp = found.maxUses !== null && found.uses >= found.maxUses;
  return isUsedUp ? usedUp(cannot, found) : null;
}

function usedUp(cannot: string, found: EnrolmentToken | null): FedtuneError {
  const maxUses = found?.maxUses ?? null;
  const message = `${cannot}: all ${String(maxUses)} uses of the token are taken`;
  return new FedtuneError("credential-expired", message, { data: { reason: "used-up", maxUses } });
}

function seen(row: {
  readonly id: string;
  readonly runId: string;
  readonly client: string | null;
  readonly maxUses: number | null;
  readonly uses: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}): EnrolmentToken {
  const { id, maxUses, uses, createdAt, expiresAt, revokedAt } = row;
  const names = { run: row.runId as RunId, client: row.client as ClientId | null };
  return { id, ...names, maxUses, uses, createdAt, expiresAt, revokedAt };
}
