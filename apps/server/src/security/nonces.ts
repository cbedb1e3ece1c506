/** Numbers used once: kept until no request that bears them could be taken anyway. */
import { clockSkewMs, maxRequestLifeMs } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import type { SecurityPorts } from "./ports.ts";

/** Whose request it was, and until when it could have been sent. */
export interface NonceUse {
  readonly run: RunId;
  readonly client: ClientId;
  readonly nonce: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Used nonces in the database: one memory for all processes, which restarts do not lose. */
export interface Nonces {
  /** Whether this is the first use. */
  use(use: NonceUse): Promise<boolean>;
  /** Forgets up to `most` whose time is over; returns how many. */
  sweep(most?: number): Promise<number>;
}

/**
 * How much longer than its request a nonce is kept: processes' clocks may differ, and one that is behind must not take
 * what one that is ahead has forgotten.
 */
const KEPT_MS = clockSkewMs + maxRequestLifeMs;

/** Makes the repository of nonces. */
export function nonces({ prisma, now }: Pick<SecurityPorts, "prisma" | "now">): Nonces {
  return {
    async use({ run, client, nonce, expires }) {
      const expiresAt = new Date(expires + KEPT_MS);
      const { count } = await prisma.usedNonce.createMany({
        // Of its client: nobody can use up another one's.
        data: [{ nonce: `${run}/${client}/${nonce}`, expiresAt }],
        skipDuplicates: true,
      });
      return count === 1;
    },
    sweep: (most = 10_000) => prisma.$executeRaw`
      DELETE FROM used_nonces WHERE nonce IN (
        SELECT nonce FROM used_nonces WHERE expires_at < ${now()} ORDER BY expires_at LIMIT ${most}
        FOR UPDATE SKIP LOCKED)`,
  };
}
