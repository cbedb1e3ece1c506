/** Attempts at a round: opened, filled with updates and refusals, ended. */
import { sumsOf } from "@fedtune/core";
import type { AttemptEnd, AttemptRow, MemberRow, RefusalRow } from "@fedtune/core";
import type pg from "pg";
import { storable, toJson } from "../json.ts";
import { inTransaction } from "../transaction.ts";
import type { Queryable } from "../transaction.ts";
import { checkEpoch, headOf, lockRun, wrongRound } from "./fence.ts";
import type { Owner } from "./fence.ts";

/** Opens the next attempt in one statement; the same attempt again changes nothing. */
export async function openAttempt(pool: pg.Pool, owner: Owner, row: AttemptRow): Promise<void> {
  const { round, attempt, cohort, target } = row;
  const { rowCount } = await pool.query(
    `WITH head AS (
       UPDATE runs SET attempt = $4, is_taking = true
       WHERE id = $1 AND epoch = $2 AND committed + 1 = $3 AND attempt + 1 = $4 RETURNING id)
     INSERT INTO attempts (run_id, round, attempt, cohort, target) SELECT id, $3, $4, $5, $6 FROM head`,
    [owner.run, owner.epoch, round, attempt, [...cohort], target],
  );
  if (rowCount === 1) return;
  const head = await headOf(pool, owner);
  if (round === head.committed + 1 && attempt === head.attempt && attempt > 0) return;
  throw wrongRound(
    `Cannot open attempt ${attempt} at round ${round}: the next one is attempt ${head.attempt + 1} at round ${head.committed + 1}`,
  );
}

/** Adds a refusal in one statement, and to the sums of its client when it came late. */
export async function putRefusal(pool: pg.Pool, owner: Owner, row: RefusalRow): Promise<void> {
  const { round, attempt, index, hash, code, message } = row;
  const { rows } = await pool.query<{ epoch: number }>(
    `WITH head AS MATERIALIZED (SELECT epoch FROM runs WHERE id = $1 FOR SHARE),
     added AS (
       INSERT INTO refusals (run_id, round, attempt, index, hash, code, message)
       SELECT $1, $3, $4, $5, $6, $7, $8 FROM head WHERE epoch = $2 ON CONFLICT DO NOTHING RETURNING 1),
     counted AS (
       UPDATE participants SET late = late + 1
       WHERE run_id = $1 AND index = $5 AND $7 = 'late-update' AND EXISTS (SELECT 1 FROM added))
     SELECT epoch FROM head`,
    [owner.run, owner.epoch, round, attempt, index, hash ?? "", code, storable(message)],
  );
  checkEpoch(owner, rows[0]);
}

/** Ends the latest attempt; its exclusive lock waits for the updates that are being stored. */
export function endAttempt(pool: pg.Pool, owner: Owner, end: AttemptEnd): Promise<void> {
  return inTransaction(pool, async (connection) => {
    const head = await lockRun(connection, owner);
    const { round, attempt } = end;
    if (round !== head.committed + 1 || attempt !== head.attempt) {
      throw wrongRound(`Cannot end attempt ${attempt} at round ${round}: it is not the latest`);
    }
    const key = [owner.run, round, attempt];
    const { rows } = await connection.query<{ status: string }>(
      `SELECT status FROM attempts WHERE run_id = $1 AND round = $2 AND attempt = $3`,
      key,
    );
    if (rows[0]?.status === "abandoned") {
      if (end.status === "abandoned") return;
      throw wrongRound(`Cannot close round ${round}: its attempt is abandoned`);
    }
    if (rows[0]?.status === "open") await addSums(connection, owner, end);
    // A closed attempt can still be given up: its updates turned out not to be usable together.
    await freeze(connection, key, end);
  });
}

async function freeze(
  connection: Queryable,
  key: readonly unknown[],
  end: AttemptEnd,
): Promise<void> {
  const accepted = [...end.accepted];
  const [code, message] =
    end.status === "abandoned" ? [end.code, storable(end.message)] : [null, null];
  await connection.query(
    `UPDATE attempts SET status = $4, accepted = $5, code = $6, message = $7, members = $8, ended_at = now()
     WHERE run_id = $1 AND round = $2 AND attempt = $3`,
    [...key, end.status, accepted, code, message, membersJson(end)],
  );
  await connection.query(
    `DELETE FROM updates
     WHERE run_id = $1 AND round = $2 AND attempt = $3 AND NOT index = ANY ($4::int[])`,
    [...key, accepted],
  );
  await connection.query(`UPDATE runs SET is_taking = false WHERE id = $1`, [key[0]]);
}

/** Adds what became of the members to the sums of their participants. */
async function addSums(
  connection: Queryable,
  { run }: Owner,
  { round, members = [] }: AttemptEnd,
): Promise<void> {
  if (members.length === 0) return;
  const sums = members.map((member) => ({ ...member, ...sumsOf(member) }));
  const column = <Value>(of: (sum: (typeof sums)[number]) => Value): Value[] => sums.map(of);
  await connection.query(
    `UPDATE participants AS p SET
       ordered = p.ordered + m.ordered, accepted = p.accepted + m.accepted,
       refused = p.refused + m.refused, declined = p.declined + m.declined,
       last_round = CASE WHEN m.accepted > 0 THEN $2 ELSE p.last_round END,
       examples = CASE WHEN m.accepted > 0 THEN m.examples ELSE p.examples END,
       examples_sum = p.examples_sum + m.examples_sum,
       training_seconds = p.training_seconds + m.training_seconds, timed = p.timed + m.timed,
       bytes_up = p.bytes_up + m.bytes_up, bytes_down = p.bytes_down + m.bytes_down,
       last_seen = CASE WHEN m.has_started THEN now() ELSE p.last_seen END
     FROM unnest($3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::bigint[],
       $10::float8[], $11::int[], $12::bigint[], $13::bigint[], $14::boolean[])
       AS m (index, ordered, accepted, refused, declined, examples, examples_sum,
         training_seconds, timed, bytes_up, bytes_down, has_started)
     WHERE p.run_id = $1 AND p.index = m.index`,
    [
      ...[run, round, column(({ index }) => index), column(({ ordered }) => ordered)],
      ...[column(({ accepted }) => accepted), column(({ refused }) => refused)],
      ...[column(({ declined }) => declined), members.map(({ examples }) => examples)],
      ...[column(({ examples }) => examples), column(({ trainingSeconds }) => trainingSeconds)],
      ...[column(({ timed }) => timed), column(({ bytesUp }) => bytesUp)],
      ...[column(({ bytesDown }) => bytesDown), column(({ startedMs }) => startedMs !== null)],
    ],
  );
}

function membersJson({ members = [] }: AttemptEnd): string {
  return `[${members.map(memberJson).join(",")}]`;
}

/** What became of a member, as it is stored. */
export function memberJson(member: MemberRow): string {
  const { message } = member;
  return toJson({ ...member, message: message === null ? null : storable(message) });
}
