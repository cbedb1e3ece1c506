/** Whether updates are stored, of many slots at once. */
import type { RunId } from "@fedtune/core";
import type pg from "pg";

/** The slot of an update. */
export interface UpdateKey {
  readonly run: RunId;
  readonly round: number;
  readonly index: number;
}

const statement = {
  name: "fedtune-updates-stored",
  text: `SELECT runs.id IS NOT NULL AS is_known, updates.run_id IS NOT NULL AS is_stored
    FROM unnest($1::text[], $2::int[], $3::int[]) WITH ORDINALITY AS asked (run_id, round, index, place)
    LEFT JOIN runs ON runs.id = asked.run_id
    LEFT JOIN updates ON updates.run_id = asked.run_id AND updates.round = asked.round
      AND updates.index = asked.index
    ORDER BY asked.place`,
};

/** What is known of a slot. */
export interface Slot {
  /** Whether there is such a run. */
  readonly isKnown: boolean;
  /** Whether it has an update there. */
  readonly isStored: boolean;
}

/** Looks at many slots with one statement; in the order of the keys. */
export async function slotsOf(pool: pg.Pool, keys: readonly UpdateKey[]): Promise<readonly Slot[]> {
  const { rows } = await pool.query<{ is_known: boolean; is_stored: boolean }>({
    ...statement,
    values: [
      keys.map(({ run }) => run),
      keys.map(({ round }) => round),
      keys.map(({ index }) => index),
    ],
  });
  return rows.map(({ is_known: isKnown, is_stored: isStored }) => ({ isKnown, isStored }));
}
