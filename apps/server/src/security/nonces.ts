/** Numbers used once: kept until no request that bears them could be taken anyway. */
import { clockSkewMs, maxRequestLifeMs } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import { batched } from "@fedtune/db";
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

/** Makes the repository of nonces. Requests of the same moment are noted with one commit. */
export function nonces({ prisma, now }: Pick<SecurityPorts, "prisma" | "now">): Nonces {
  return {
    use: batched((uses: readonly NonceUse[]) => useAll(prisma, uses)),
    sweep: (most = 10_000) => prisma.$executeRaw`
      DELETE FROM used_nonces WHERE nonce IN (
        SELECT nonce FROM used_nonces WHERE expires_at < ${now()} ORDER BY expires_at LIMIT ${most}
        FOR UPDATE SKIP LOCKED)`,
  };
}

/** In the order of the uses: of several alike the first one alone may be the first use. */
async function useAll(
  prisma: SecurityPorts["prisma"],
  uses: readonly NonceUse[],
): Promise<readonly boolean[]> {
  const rows = new Map<string, Date>();
  const isRepeated = uses.map((use) => {
    const nonce = nameOf(use);
    if (rows.has(nonce)) return true;
    rows.set(nonce, new Date(use.expires + KEPT_MS));
    return false;
  });
  // In one order everywhere, so that two processes never wait for each other's rows.
  const names = [...rows.keys()].sort();
  const times = names.map((name) => rows.get(name) ?? new Date(0));
  const added = await prisma.$queryRaw<{ nonce: string }[]>`
    INSERT INTO used_nonces (nonce, expires_at)
    SELECT * FROM unnest(${names}::text[], ${times}::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING nonce`;
  const isFirst = new Set(added.map(({ nonce }) => nonce));
  return uses.map((use, k) => isRepeated[k] === false && isFirst.has(nameOf(use)));
}

/** Of its client: nobody can use up another one's. */
function nameOf({ run, client, nonce }: NonceUse): string {
  return `${run}/${client}/${nonce}`;
}
