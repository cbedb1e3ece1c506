/** Programs' access to the API: bearer tokens with scopes, of which only the SHA-256 is kept. */
import { FedtuneError } from "@fedtune/core";
import { scopesOf, roleOf } from "./operators.ts";
import type { SecurityPorts } from "./ports.ts";
import { scopes as knownScopes } from "@fedtune/api";
import type { Scope } from "@fedtune/api";
import type { Principal } from "./principal.ts";
import type { Revocations } from "./revocations.ts";
import { hashOfSecret, newSecret } from "./secrets.ts";

/** What every API token begins with. */
const apiTokenPrefix = "ft_";
const secretPattern = /^ft_[A-Za-z0-9_-]{43}$/;

const tokenNamePattern = /^\P{C}{1,80}$/u;

/** A use is written down at most this often. */
const TOUCH_MS = 60_000;

/** A token as others may see it. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Who made it; null: the system. It ends with its operator. */
  readonly operator: string | null;
  readonly createdAt: Date;
  /** Null: never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

/** What to create. */
export interface NewApiToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

/** The tokens in the database. */
export interface ApiTokens {
  /**
   * The secret is shown once and kept nowhere. The token ends with the operator who makes it, directly or by another
   * token; one that the system makes ends with nobody.
   *
   * @throws FedtuneError `forbidden` for a scope that `by` does not have, `config-invalid` without any scope or
   * for a name of the wrong form
   */
  create(
    token: NewApiToken,
    by: Principal,
  ): Promise<{ readonly token: ApiToken; readonly secret: string }>;
  /** @throws FedtuneError `unauthenticated`, `credential-expired`, `credential-revoked` */
  resolve(secret: string): Promise<Principal>;
  /** From now on it admits nothing. @throws FedtuneError `message-invalid` without such a token */
  revoke(id: string): Promise<void>;
  /** All of them, the oldest first. */
  list(): Promise<ApiToken[]>;
}

type Ports = SecurityPorts & { readonly revocations: Revocations };

/** Makes the repository of API tokens. */
export function apiTokens(ports: Ports): ApiTokens {
  const { prisma, now, revocations } = ports;
  return {
    create: (token, by) => create(ports, token, by),
    resolve: (secret) => resolve(ports, secret),
    async revoke(id) {
      const where = { id: isUuid(id) ? id : nobody };
      if ((await prisma.apiToken.count({ where })) === 0) {
        throw new FedtuneError("message-invalid", `Cannot find token "${id.slice(0, 80)}"`);
      }
      await prisma.apiToken.updateMany({
        where: { ...where, revokedAt: null },
        data: { revokedAt: now() },
      });
      revocations.tell({ kind: "token", id });
    },
    async list() {
      const rows = await prisma.apiToken.findMany({
        include: { operator: { select: { name: true } } },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      });
      return rows.map(seen);
    },
  };
}

const nobody = "00000000-0000-0000-0000-000000000000";

/** The database refuses to compare its ids with anything else. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

async function create(ports: Ports, token: NewApiToken, by: Principal) {
  const { prisma, now, entropy, hash } = ports;
  const { name, expiresAt } = token;
  if (!tokenNamePattern.test(name)) {
    const message = `Cannot name a token "${name.slice(0, 80)}": wanted 1 to 80 visible characters`;
    throw new FedtuneError("config-invalid", message);
  }
  const scopes = knownScopes.filter((scope) => token.scopes.includes(scope));
  if (scopes.length === 0) {
    throw new FedtuneError("config-invalid", "Cannot make a token without any scope");
  }
  const beyond = scopes.filter((scope) => !admits(by.scopes, scope));
  if (beyond.length > 0) {
    const message = `Cannot make a token with scope ${beyond.join(", ")} as ${by.actor}: wanted at most the scopes of its maker`;
    throw new FedtuneError("forbidden", message, { data: { scopes: beyond } });
  }
  const operatorId = await ownerOf(prisma, by);
  const secret = newSecret(entropy, apiTokenPrefix);
  const data = { name, scopes, operatorId, createdAt: now(), expiresAt };
  const row = await prisma.apiToken.create({
    data: { ...data, tokenHash: hashOfSecret(hash, secret) },
    include: { operator: { select: { name: true } } },
  });
  return { token: seen(row), secret };
}

/** The id of the operator behind a principal; null: the system. */
async function ownerOf(prisma: Ports["prisma"], { actor }: Principal): Promise<string | null> {
  const [kind, name = ""] = actor.split(":");
  if (kind === "token" && isUuid(name)) {
    const token = await prisma.apiToken.findUnique({ where: { id: name } });
    return token?.operatorId ?? null;
  }
  if (kind !== "operator") return null;
  const operator = await prisma.operator.findUnique({ where: { name } });
  if (operator !== null) return operator.id;
  throw new FedtuneError("message-invalid", `Cannot find operator "${name.slice(0, 80)}"`);
}

async function resolve({ prisma, now, hash }: Ports, secret: string): Promise<Principal> {
  const row = secretPattern.test(secret)
    ? await prisma.apiToken.findUnique({
        where: { tokenHash: hashOfSecret(hash, secret) },
        include: { operator: true },
      })
    : null;
  if (row === null)
    throw new FedtuneError("unauthenticated", "Cannot take this token: nobody has it");
  if (row.revokedAt !== null || (row.operator !== null && row.operator.disabledAt !== null)) {
    throw new FedtuneError("credential-revoked", `Cannot take token ${row.id}: it was revoked`);
  }
  const at = now();
  if (row.expiresAt !== null && at >= row.expiresAt) {
    const message = `Cannot take token ${row.id}: it expired at ${row.expiresAt.toISOString()}`;
    throw new FedtuneError("credential-expired", message);
  }
  const before = new Date(at.getTime() - TOUCH_MS);
  if (row.lastUsedAt === null || row.lastUsedAt <= before) {
    await prisma.apiToken.updateMany({
      where: { id: row.id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: before } }] },
      data: { lastUsedAt: at },
    });
  }
  return { kind: "token", actor: `token:${row.id}`, scopes: granted(row) };
}

/** What a token admits: never more than its operator may today. */
function granted(row: {
  readonly scopes: readonly string[];
  readonly operator: { readonly role: string } | null;
}): Scope[] {
  const most = row.operator === null ? null : scopesOf(roleOf(row.operator.role));
  return knownScopes
    .filter((scope) => row.scopes.includes(scope))
    .filter((scope) => most === null || admits(most, scope));
}

function admits(has: readonly Scope[], scope: Scope): boolean {
  return has.includes("admin") || has.includes(scope);
}

function seen(
  row: Omit<ApiToken, "scopes" | "operator"> & {
    readonly scopes: readonly string[];
    readonly operator: { readonly name: string } | null;
  },
): ApiToken {
  const { id, name, createdAt, expiresAt, revokedAt, lastUsedAt } = row;
  const scopes = knownScopes.filter((scope) => row.scopes.includes(scope));
  const operator = row.operator?.name ?? null;
  return { id, name, scopes, operator, createdAt, expiresAt, revokedAt, lastUsedAt };
}
