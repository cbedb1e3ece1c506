/** Whether a server lives, and whether it can serve. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { Blobs, Clock, Entropy, Hash } from "@fedtune/core";
import type { Database } from "@fedtune/db";
import { Router } from "express";

/** Something that has to work; what it throws is the reason why not. */
export type Check = () => Promise<void>;

/** What `/readyz` answers. */
export interface Readiness {
  readonly status: "ready" | "unavailable";
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** What came of one check. */
export interface CheckResult {
  readonly ok: boolean;
  readonly ms: number;
  /** Why not; never more than our own errors say. */
  readonly problem: string | null;
}

/** What health needs. */
export interface HealthOptions {
  /** By name, as `/readyz` shows them. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly clock: Clock;
  /** Longest time for one check; default 1 s. */
  readonly timeoutMs?: number;
  /** An answer serves all that ask within this time: anybody may ask, and asking has a price; default 1 s. */
  readonly keepMs?: number;
}

/** `/healthz`: the process lives. `/readyz`: every check passes, else 503 with what does not. */
export function healthRouter(options: HealthOptions): Router {
  const look = readiness(options);
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const found = await look();
    response.status(found.status === "ready" ? 200 : 503).json(found);
  });
  return router;
}

/** Makes the function that runs all checks; calls at the same time share one run. */
export function readiness({
  checks,
  clock,
  timeoutMs = 1_000,
  keepMs = 1_000,
}: HealthOptions): () => Promise<Readiness> {
  let kept: { readonly at: number; readonly found: Promise<Readiness> } | null = null;
  return () => {
    if (kept !== null && clock.now() - kept.at < keepMs) return kept.found;
    kept = { at: clock.now(), found: runAll(checks, clock, timeoutMs) };
    return kept.found;
  };
}

async function runAll(
  checks: HealthOptions["checks"],
  clock: Clock,
  timeoutMs: number,
): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await runOne(check, clock, timeoutMs)] as const,
    ),
  );
  const isReady = results.every(([, { ok }]) => ok);
  return { status: isReady ? "ready" : "unavailable", checks: Object.fromEntries(results) };
}

async function runOne(check: Check, clock: Clock, timeoutMs: number): Promise<CheckResult> {
  const start = clock.now();
  const result = (problem: string | null): CheckResult => ({
    ok: problem === null,
    ms: Math.round(clock.now() - start),
    problem,
  });
  try {
    await inTime(check, clock, timeoutMs);
    return result(null);
  } catch (error) {
    // What others throw may hold addresses and names; the log has it where it happened.
    const { code, message } = asFedtuneError(error);
    return result(code === "internal" ? "it failed" : message);
  }
}

/** @throws FedtuneError `timeout`, and what the check throws */
function inTime(check: Check, clock: Clock, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      reject(new FedtuneError("timeout", `Cannot wait longer: ${timeoutMs} ms are over`));
    });
    check().then(
      () => {
        cancel();
        resolve();
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** The database answers. */
export function databaseAnswers({ query }: QueryPool): Check {
  return async () => {
    await query("SELECT 1");
  };
}

/** The pool of a database as checks use it. */
export interface QueryPool {
  readonly query: (sql: string) => Promise<{ readonly rows: readonly unknown[] }>;
}

/** A pool's query as checks want it. */
export function queryPool(pool: Database["pool"]): QueryPool {
  return { query: (sql) => pool.query<Record<string, unknown>>(sql) };
}

/** Every migration that this program knows is applied; more are those of a newer one. */
export function migrationsApplied({ query }: QueryPool, known: readonly string[]): Check {
  return async () => {
    const { rows } = await query(
      `SELECT migration_name AS name FROM _prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    );
    const applied = new Set(rows.map((row) => Reflect.get(Object(row), "name") as unknown));
    const missing = known.filter((name) => !applied.has(name));
    if (missing.length === 0) return;
    const message = `Cannot use the database: it lacks ${missing.length} of ${known.length} migrations`;
    throw new FedtuneError("config-conflict", message, { data: { missing } });
  };
}

/** The blob store takes bytes, gives them back and forgets them. */
export function blobsWritable(
  blobs: Blobs,
  { hash, entropy }: { readonly hash: Hash; readonly entropy: Entropy },
): Check {
  return async () => {
    // Other bytes each time: a store may skip what it has.
    const bytes = entropy.bytes(32);
    const name = hash.sha256(bytes);
    await blobs.put(bytes, name);
    await blobs.delete(name);
  };
}

/** The server is not about to leave. */
export function notDraining(drain: { readonly draining: boolean }): Check {
  return async () => {
    await Promise.resolve();
    if (drain.draining)
      throw new FedtuneError("draining", "Cannot take new work: the server is leaving");
  };
}
