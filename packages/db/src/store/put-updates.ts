/** Storing updates: those that come at the same moment with one statement and one commit. */
import type { RunId, StoredUpdate, UpdateRow } from "@fedtune/core";
import type pg from "pg";
import { batched } from "../batched.ts";
import { toJson } from "../json.ts";
import { memberJson } from "./attempts.ts";
import { checkEpoch } from "./fence.ts";
import type { Owner } from "./fence.ts";

/** Stores one update while its attempt takes any. */
export type PutUpdate = (owner: Owner, update: UpdateRow) => Promise<StoredUpdate>;

/** Most updates of one statement: whoever ends the attempt waits for no more than these. */
const MOST = 32;

/** Makes the function that stores updates; those of one owner go together. */
export function updateWriter(pool: pg.Pool): PutUpdate {
  const owners = new Map<RunId, { readonly epoch: number; readonly put: Put }>();
  return ({ run, epoch }, update) => {
    const known = owners.get(run);
    if (known?.epoch === epoch) return known.put(update);
    const owner = { run, epoch };
    const put = batched((updates: readonly UpdateRow[]) => putAll(pool, owner, updates), {
      most: MOST,
    });
    owners.set(run, { epoch, put });
    return put(update);
  };
}

type Put = (update: UpdateRow) => Promise<StoredUpdate>;

/**
 * The shared lock keeps the row that says whether updates are taken as it is until the updates are there: an attempt cannot
 * end in between. Of a row that had to be waited for, the lock gives the newest version, which a plain read in the same
 * statement would not see.
 */
const statement = {
  name: "fedtune-put-updates",
  text: `WITH head AS MATERIALIZED (
    SELECT epoch, is_taking, committed + 1 AS round, attempt FROM runs WHERE id = $1 FOR SHARE),
  stored AS (
    INSERT INTO updates (run_id, round, index, attempt, blob_hash, bytes, examples, metrics, norm, base, member)
    SELECT $1, given.round, given.index, given.attempt, given.blob_hash, given.bytes, given.examples,
      given.metrics::json, given.norm, given.base, given.member::json
    FROM head, unnest($3::int[], $4::int[], $5::int[], $6::text[], $7::int[], $8::int[], $9::text[],
        $10::float8[], $11::int[], $12::text[]) WITH ORDINALITY
      AS given (round, index, attempt, blob_hash, bytes, examples, metrics, norm, base, member, place)
    WHERE head.epoch = $2 AND head.is_taking
      AND head.round = given.round AND head.attempt = given.attempt
    ORDER BY given.place
    ON CONFLICT DO NOTHING RETURNING round, index, blob_hash)
  SELECT head.epoch, stored.round, stored.index, stored.blob_hash FROM head LEFT JOIN stored ON true`,
};

interface SlotRow {
  readonly round: number;
  readonly index: number;
  readonly blob_hash: string;
}

/** In the order of the updates. */
async function putAll(
  pool: pg.Pool,
  owner: Owner,
  updates: readonly UpdateRow[],
): Promise<readonly StoredUpdate[]> {
  const { rows } = await pool.query<{ readonly epoch: number } & SlotRow>({
    ...statement,
    values: [owner.run, owner.epoch, ...columnsOf(updates)],
  });
  checkEpoch(owner, rows[0]);
  const fresh = bySlot(rows);
  const outcomes = updates.map((update) => {
    // Of several alike the first one is the one that was stored.
    const isFirst = fresh.get(slotOf(update)) === update.blob.hash;
    if (isFirst) fresh.delete(slotOf(update));
    return isFirst;
  });
  const others = updates.filter((_, k) => outcomes[k] === false);
  const before =
    others.length === 0 ? new Map<string, string>() : bySlot(await stored(pool, owner, others));
  return updates.map((update, k) => {
    if (outcomes[k] === true) return "stored";
    const there = before.get(slotOf(update));
    if (there === undefined) return "closed";
    return there === update.blob.hash ? "same" : "conflict";
  });
}

function columnsOf(updates: readonly UpdateRow[]): readonly unknown[] {
  const column = <Value>(of: (update: UpdateRow) => Value): Value[] => updates.map(of);
  return [
    ...[column(({ round }) => round), column(({ index }) => index)],
    ...[column(({ attempt }) => attempt), column(({ blob }) => blob.hash)],
    ...[column(({ blob }) => blob.bytes), column(({ examples }) => examples)],
    ...[column(({ metrics }) => toJson(metrics)), column(({ norm }) => norm)],
    column(({ base = null }) => base),
    column(({ member }) => (member === undefined ? null : memberJson(member))),
  ];
}

async function stored(
  pool: pg.Pool,
  { run }: Owner,
  updates: readonly UpdateRow[],
): Promise<readonly SlotRow[]> {
  const { rows } = await pool.query<SlotRow>(
    `SELECT round, index, blob_hash FROM updates
     WHERE run_id = $1 AND (round, index) IN (SELECT * FROM unnest($2::int[], $3::int[]))`,
    [run, updates.map(({ round }) => round), updates.map(({ index }) => index)],
  );
  return rows;
}

function bySlot(rows: readonly SlotRow[]): Map<string, string> {
  return new Map(rows.map((row) => [slotOf(row), row.blob_hash]));
}

function slotOf({ round, index }: Pick<UpdateRow, "round" | "index">): string {
  return `${round}/${index}`;
}
