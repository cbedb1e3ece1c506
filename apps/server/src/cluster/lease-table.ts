/** Leases as rows: `runs.owner_id` and `runs.lease_until`, and the processes that live. All times are the database's. */
import { runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import type { Database } from "@fedtune/db";

/** What leases need of a database: statements on any connection. */
export type LeaseDatabase = Pick<Database["pool"], "query">;

/** A run that has not ended, and who owns it. */
export interface OwnedRun {
  readonly run: RunId;
  /** The process whose lease has not expired; null: nobody owns the run. */
  readonly owner: string | null;
}

/** The rows of one process. */
export interface LeaseTable {
  /** The process that takes leases. */
  readonly self: string;
  /** Takes a run that nobody owns for `leaseMs` from now; false: somebody does, or there is no such run going on. */
  acquire(run: RunId, leaseMs: number): Promise<boolean>;
  /** Extends the leases of those runs to `leaseMs` from now; returns those that this process still owns. */
  renew(runs: readonly RunId[], leaseMs: number): Promise<ReadonlySet<RunId>>;
  /** Lets a run go; nothing when this process does not own it. */
  release(run: RunId): Promise<void>;
  /** All runs that go on, the oldest first. */
  runs(): Promise<readonly OwnedRun[]>;
  /** Says that this process lives; returns the processes that have said so within `livesMs`, this one too. */
  beat(livesMs: number): Promise<ReadonlySet<string>>;
  /** Takes this process off the list. */
  leave(): Promise<void>;
}

/** A process that has been silent for so many of its lives is forgotten. */
const FORGOTTEN_AFTER = 100;

/** Leases of the process `self` in a migrated database. */
export function leaseTable(database: LeaseDatabase, self: string): LeaseTable {
  const idsOf = async (sql: string, values: readonly unknown[]): Promise<string[]> => {
    const { rows } = await database.query<{ id: string }>(sql, [...values]);
    return rows.map(({ id }) => id);
  };
  return {
    self,
    acquire: async (run, leaseMs) => (await idsOf(acquireSql, [run, self, leaseMs])).length === 1,
    renew: async (runs, leaseMs) =>
      new Set((await idsOf(renewSql, [runs, self, leaseMs])).map(runId)),
    async release(run) {
      await database.query(releaseSql, [run, self]);
    },
    async runs() {
      const { rows } = await database.query<{ id: string; owner: string | null }>(runsSql);
      return rows.map(({ id, owner }) => ({ run: runId(id), owner }));
    },
    async beat(livesMs) {
      await database.query(beatSql, [self]);
      await database.query(forgetSql, [FORGOTTEN_AFTER * livesMs]);
      return new Set(await idsOf(livingSql, [livesMs]));
    },
    async leave() {
      await database.query("DELETE FROM processes WHERE id = $1", [self]);
    },
  };
}

// clock_timestamp(), not now(): the statement may have waited for the row's lock.
const acquireSql = `
  UPDATE runs SET owner_id = $2, lease_until = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE id = $1 AND status = 'running'
    AND (owner_id IS NULL OR owner_id = $2 OR lease_until IS NULL OR lease_until <= clock_timestamp())
  RETURNING id`;
const renewSql = `
  UPDATE runs SET lease_until = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE id = ANY($1::text[]) AND owner_id = $2
  RETURNING id`;
const releaseSql = `
  UPDATE runs SET owner_id = NULL, lease_until = NULL WHERE id = $1 AND owner_id = $2`;
const runsSql = `
  SELECT id, CASE WHEN lease_until > clock_timestamp() THEN owner_id END AS owner
  FROM runs WHERE status = 'running' ORDER BY created_at, id`;
const beatSql = `
  INSERT INTO processes (id, heartbeat_at) VALUES ($1, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()`;
const forgetSql = `
  DELETE FROM processes WHERE heartbeat_at < clock_timestamp() - $1 * interval '1 millisecond'`;
const livingSql = `
  SELECT id FROM processes WHERE heartbeat_at > clock_timestamp() - $1 * interval '1 millisecond'`;
