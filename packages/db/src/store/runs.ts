/** A run as a whole: taken over, joined, paused, ended, forgotten. */
import { FedtuneError } from "@fedtune/core";
import type { ClientId, Enrolment, RunEnd, RunId, RunRow } from "@fedtune/core";
import type pg from "pg";
import { storable, toJson } from "../json.ts";
import { inTransaction } from "../transaction.ts";
import type { Queryable } from "../transaction.ts";
import { headOf, unknownRun } from "./fence.ts";
import type { Owner, RunHeadRow } from "./fence.ts";

/** Creates the run or takes it over, in one statement. */
export async function takeRun(pool: pg.Pool, row: RunRow): Promise<RunHeadRow> {
  const { rows } = await pool.query<RunHeadRow>(
    `INSERT INTO runs (id, config_hash, config, epoch) VALUES ($1, $2, $3, 1)
     ON CONFLICT (id) DO UPDATE SET epoch = runs.epoch + 1 WHERE runs.config_hash = excluded.config_hash
     RETURNING epoch, committed, attempt, is_taking`,
    [row.id, row.configHash, toJson(row.config)],
  );
  const [taken] = rows;
  if (taken !== undefined) return taken;
  throw new FedtuneError(
    "config-conflict",
    `Cannot take over run "${row.id}": it was created with another config`,
  );
}

/** Who enrols. */
export interface Enrolling extends Enrolment {
  readonly run: RunId;
  readonly client: ClientId;
}

/** The client's index; new ones queue at the run's row. */
export async function enrol(pool: pg.Pool, enrolment: Enrolling): Promise<number> {
  const before = await seenAgain(pool, enrolment);
  return before ?? inTransaction(pool, (connection) => enrolNew(connection, enrolment));
}

/**
 * The index of a client that has enrolled before. What it says of itself is written down where it is new, and that it was
 * seen once a minute: many that come back at once shall not wait for each other's writes.
 */
async function seenAgain(connection: Queryable, enrolment: Enrolling): Promise<number | null> {
  const { run, client } = enrolment;
  const { rows } = await connection.query<{ index: number }>(
    `WITH seen AS (
       UPDATE participants SET last_seen = now(), software = $3, device = $4::text::json
       WHERE run_id = $1 AND client = $2 AND (last_seen < now() - interval '1 minute'
         OR software IS DISTINCT FROM $3 OR device::text IS DISTINCT FROM $4::text))
     SELECT index FROM participants WHERE run_id = $1 AND client = $2`,
    [run, client, ...saidBy(enrolment)],
  );
  return rows[0]?.index ?? null;
}

/** Software and device as they are stored. */
function saidBy(enrolment: Enrolment): readonly (string | null)[] {
  const { software, device = null } = enrolment;
  return [
    software === undefined ? null : storable(software),
    device === null ? null : toJson(device),
  ];
}

async function enrolNew(connection: Queryable, enrolment: Enrolling): Promise<number> {
  const { run, client, roster } = enrolment;
  const { rows } = await connection.query<{ joined: number }>(
    `SELECT joined FROM runs WHERE id = $1 FOR NO KEY UPDATE`,
    [run],
  );
  const [head] = rows;
  if (head === undefined) throw unknownRun(run);
  const before = await seenAgain(connection, enrolment);
  if (before !== null) return before;
  const index = roster === null ? head.joined : roster.indexOf(client);
  if (index === -1) {
    const message = `Cannot enrol client "${client}": it is not among the run's participants`;
    throw new FedtuneError("unknown-client", message);
  }
  await connection.query(
    `INSERT INTO participants (run_id, client, index, software, device) VALUES ($1, $2, $3, $4, $5)`,
    [...[run, client, index], ...saidBy(enrolment)],
  );
  await connection.query(`UPDATE runs SET joined = joined + 1 WHERE id = $1`, [run]);
  return index;
}

/** Lets the run stand still, or go on. */
export async function setPaused(pool: pg.Pool, owner: Owner, paused: boolean): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE runs SET paused = $3 WHERE id = $1 AND epoch = $2`,
    [owner.run, owner.epoch, paused],
  );
  if (rowCount === 0) await headOf(pool, owner);
}

/** Writes down how the run ended; the first time stays its end. */
export async function finishRun(pool: pg.Pool, owner: Owner, end: RunEnd): Promise<void> {
  const failure = end.failure === null ? null : toJson(end.failure);
  const { rowCount } = await pool.query(
    `UPDATE runs SET status = $3, failure = $4, ended_at = coalesce(ended_at, now())
     WHERE id = $1 AND epoch = $2`,
    [owner.run, owner.epoch, end.status, failure],
  );
  if (rowCount === 0) await headOf(pool, owner);
}

/** Forgets the run; its rows go with it. */
export async function deleteRun(pool: pg.Pool, run: RunId): Promise<void> {
  await pool.query(`DELETE FROM runs WHERE id = $1`, [run]);
}
