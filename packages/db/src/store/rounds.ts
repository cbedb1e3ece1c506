/** What a round leaves behind: its row, the names of its blobs, what it spent of privacy; and evaluations. */
import type { EvaluationRow, RoundRow } from "@fedtune/core";
import type pg from "pg";
import { toJson } from "../json.ts";
import { inTransaction } from "../transaction.ts";
import type { Queryable } from "../transaction.ts";
import { checkEpoch, lockRun, wrongRound } from "./fence.ts";
import type { Owner } from "./fence.ts";
import { appendLedger } from "./ledger.ts";

/** Commits the next round with everything that belongs to it; the last one again changes nothing. */
export function commitRound(pool: pg.Pool, owner: Owner, row: RoundRow): Promise<void> {
  return inTransaction(pool, async (connection) => {
    const { committed } = await lockRun(connection, owner);
    const { round } = row;
    const text = toJson(row);
    if (round === committed && (await storedText(connection, owner, round)) === text) return;
    if (round !== committed + 1) {
      const next = committed + 1;
      throw wrongRound(`Cannot commit round ${round}: the next one is round ${next}`);
    }
    await connection.query(`INSERT INTO rounds (run_id, round, row) VALUES ($1, $2, $3)`, [
      ...[owner.run, round],
      text,
    ]);
    await nameBlobs(connection, owner, row);
    await appendLedger(connection, { run: owner.run, round, events: eventsOf(row) });
    const { bytesUp, bytesDown } = row.traffic;
    await connection.query(
      `UPDATE runs SET committed = $2, attempt = 0, is_taking = false,
         bytes_up = bytes_up + $3, bytes_down = bytes_down + $4 WHERE id = $1`,
      [owner.run, round, bytesUp, bytesDown],
    );
  });
}

async function storedText(
  connection: Queryable,
  { run }: Owner,
  round: number,
): Promise<string | null> {
  const { rows } = await connection.query<{ row: string }>(
    `SELECT row::text AS row FROM rounds WHERE run_id = $1 AND round = $2`,
    [run, round],
  );
  return rows[0]?.row ?? null;
}

/** Writes down which blobs the round names: they are kept for as long as the run. */
async function nameBlobs(connection: Queryable, { run }: Owner, row: RoundRow): Promise<void> {
  const { round, state, parts, adapters } = row;
  const named = new Map<string, number | null>(adapters.map(({ model }) => [model, null]));
  for (const { hash, bytes } of [...parts.map(({ blob }) => blob), state]) named.set(hash, bytes);
  await connection.query(
    `INSERT INTO round_blobs (run_id, round, hash, bytes)
     SELECT $1, $2, hash, bytes FROM unnest($3::text[], $4::bigint[]) AS named (hash, bytes)`,
    [run, round, [...named.keys()], [...named.values()]],
  );
}

/** What the round spent, as its privacy tells; runs without privacy, and rows of old, tell nothing. */
function eventsOf({ privacy }: RoundRow): readonly unknown[] {
  const events: unknown = privacy === null ? null : Reflect.get(privacy, "events");
  return Array.isArray(events) ? events : [];
}

/** Adds an evaluation in one statement; the first one of a round stays. */
export async function putEvaluation(
  pool: pg.Pool,
  owner: Owner,
  { round, metrics, traffic }: EvaluationRow,
): Promise<void> {
  const { rows } = await pool.query<{ epoch: number }>(
    `WITH head AS MATERIALIZED (SELECT epoch FROM runs WHERE id = $1 FOR SHARE),
     added AS (
       INSERT INTO evaluations (run_id, round, metrics, traffic)
       SELECT $1, $3, $4, $5 FROM head WHERE epoch = $2 ON CONFLICT DO NOTHING)
     SELECT epoch FROM head`,
    [owner.run, owner.epoch, round, toJson(metrics), traffic === null ? null : toJson(traffic)],
  );
  checkEpoch(owner, rows[0]);
}
