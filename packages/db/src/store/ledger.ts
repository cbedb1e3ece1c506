/** A run's privacy ledger: events in the order in which rounds spent them, each chained to the one before by its hash. */
import { canonicalJson } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { createHash } from "node:crypto";
import type { Queryable } from "../transaction.ts";

/** What a round spent. */
export interface Spending {
  readonly run: RunId;
  readonly round: number;
  readonly events: readonly unknown[];
}

/** What the first row of a ledger follows on. */
export const LEDGER_START = "0".repeat(64);

/** Adds one row for each event; the run's row is locked, so that no other row comes in between. */
export async function appendLedger(connection: Queryable, spending: Spending): Promise<void> {
  const { run, round, events } = spending;
  if (events.length === 0) return;
  const { rows } = await connection.query<{ sequence: number; hash: string }>(
    `SELECT sequence, hash FROM ledger WHERE run_id = $1 ORDER BY sequence DESC LIMIT 1`,
    [run],
  );
  let { sequence, hash: previous } = rows[0] ?? { sequence: 0, hash: LEDGER_START };
  for (const event of events) {
    sequence++;
    const row = { run, sequence, round, event, previous };
    const hash = ledgerHash(row);
    await connection.query(
      `INSERT INTO ledger (run_id, sequence, round, event, previous, hash) VALUES ($1, $2, $3, $4, $5, $6)`,
      [run, sequence, round, canonicalJson(event), previous, hash],
    );
    previous = hash;
  }
}

/** SHA-256 of the canonical JSON of a row, the link to the one before included. */
export function ledgerHash(row: {
  readonly run: string;
  readonly sequence: number;
  readonly round: number;
  readonly event: unknown;
  readonly previous: string;
}): string {
  return createHash("sha256").update(canonicalJson(row)).digest("hex");
}
