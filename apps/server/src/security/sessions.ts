/**
 * Signed-in browsers. The cookie holds 256 random bits; the database their SHA-256 only.
 *
 * A session ends at a fixed time after signing in, and earlier when it is not used. Its CSRF token is derived from the
 * secret, so that a page that was loaded anew can be given it again without its being kept.
 */
import { FedtuneError } from "@fedtune/core";
import type { SecurityPorts } from "./ports.ts";
import type { Revocations } from "./revocations.ts";
import { hashOfSecret, newSecret, sameDigest } from "./secrets.ts";
import { roleOf } from "./operators.ts";
import type { Role } from "./operators.ts";

/** How long sessions live. */
export interface SessionPolicy {
  /** From signing in, whatever happens. */
  readonly longestMs: number;
  /** Since the last request. */
  readonly idleMs: number;
}

/** A day at most, two hours without use. */
export const defaultSessionPolicy: SessionPolicy = {
  longestMs: 24 * 3_600_000,
  idleMs: 2 * 3_600_000,
};

/** A use is written down at most this often. */
const TOUCH_MS = 60_000;

/** What a browser gets at signing in. */
export interface StartedSession {
  /** For the cookie. */
  readonly secret: string;
  /** For the page, which repeats it in every request that changes something. */
  readonly csrf: string;
  /** When it ends unless it is used. */
  readonly expiresAt: Date;
  /** How long it lives at most: as long as the cookie may. */
  readonly longestMs: number;
}

/** A session that is valid now. */
export interface LiveSession {
  readonly operator: string;
  readonly role: Role;
  readonly csrfHash: string;
  readonly expiresAt: Date;
}

/** The sessions in the database. */
export interface Sessions {
  /** Always a new secret: one that somebody put into the browser before is worth nothing, and `replaces` ends. */
  start(operatorId: string, replaces?: string | null): Promise<StartedSession>;
  /**
   * Null for a secret of nobody or of a disabled operator. Looking quietly is no use of the session: it ends none the later.
   *
   * @throws FedtuneError `credential-expired`
   */
  resolve(secret: string, how?: { readonly quietly: boolean }): Promise<LiveSession | null>;
  /** The CSRF token of a session. */
  csrfOf(secret: string): string;
  /** @throws FedtuneError `forbidden` without the token, or with another one */
  checkCsrf(session: LiveSession, token: string | null): void;
  /** Signs out. */
  end(secret: string): Promise<void>;
  /** Signs an operator out everywhere. */
  endAll(operator: string): Promise<void>;
  /** Forgets sessions that have expired; returns how many. */
  sweep(): Promise<number>;
}

/** Makes the repository of sessions. */
export function sessions(
  ports: SecurityPorts & { readonly revocations: Revocations },
  policy: SessionPolicy = defaultSessionPolicy,
): Sessions {
  const { prisma, now, entropy, hash, revocations } = ports;
  const csrfOf = (secret: string): string => hashOfSecret(hash, `fedtune-csrf ${secret}`);
  const end = async (secret: string): Promise<void> => {
    const tokenHash = hashOfSecret(hash, secret);
    await prisma.session.deleteMany({ where: { tokenHash } });
    revocations.tell({ kind: "session", id: tokenHash });
  };
  return {
    async start(operatorId, replaces = null) {
      if (replaces !== null) await end(replaces);
      const secret = newSecret(entropy);
      const csrf = csrfOf(secret);
      const createdAt = now();
      const expiresAt = expiryOf(policy, createdAt, createdAt);
      const hashes = { tokenHash: hashOfSecret(hash, secret), csrfHash: hashOfSecret(hash, csrf) };
      await prisma.session.create({ data: { ...hashes, operatorId, createdAt, expiresAt } });
      return { secret, csrf, expiresAt, longestMs: policy.longestMs };
    },
    resolve: (secret, { quietly } = { quietly: false }) =>
      resolve(ports, policy, { secret, quietly }),
    csrfOf,
    checkCsrf({ csrfHash }, token) {
      if (token !== null && sameDigest(hashOfSecret(hash, token), csrfHash)) return;
      const what = token === null ? "it has no CSRF token" : "its CSRF token is wrong";
      throw new FedtuneError("forbidden", `Cannot take the request: ${what}`);
    },
    end,
    async endAll(operator) {
      await prisma.session.deleteMany({ where: { operator: { name: operator } } });
    },
    async sweep() {
      const { count } = await prisma.session.deleteMany({ where: { expiresAt: { lte: now() } } });
      return count;
    },
  };
}

async function resolve(
  { prisma, now, hash }: SecurityPorts,
  policy: SessionPolicy,
  { secret, quietly }: { readonly secret: string; readonly quietly: boolean },
): Promise<LiveSession | null> {
  const tokenHash = hashOfSecret(hash, secret);
  const row = await prisma.session.findUnique({
    where: { tokenHash },
    include: { operator: true },
  });
  if (row?.operator.disabledAt !== null) return null;
  const at = now();
  if (at >= row.expiresAt) {
    throw new FedtuneError(
      "credential-expired",
      "Cannot go on: the session has ended; sign in again",
    );
  }
  const expiresAt = expiryOf(policy, row.createdAt, at);
  if (!quietly && expiresAt.getTime() - row.expiresAt.getTime() >= TOUCH_MS) {
    // It may have been ended meanwhile: then nothing is updated.
    await prisma.session.updateMany({ where: { tokenHash }, data: { expiresAt } });
  }
  const { name: operator, role } = row.operator;
  return { operator, role: roleOf(role), csrfHash: row.csrfHash, expiresAt: row.expiresAt };
}

function expiryOf({ longestMs, idleMs }: SessionPolicy, createdAt: Date, usedAt: Date): Date {
  return new Date(Math.min(createdAt.getTime() + longestMs, usedAt.getTime() + idleMs));
}
