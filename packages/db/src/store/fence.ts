/** The fence around a run: its row is locked and its epoch compared before anything is written. */
import { FedtuneError } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import type { Queryable } from "../transaction.ts";

/** Who writes: the run, and the epoch under which the writer owns it. */
export interface Owner {
  readonly run: RunId;
  readonly epoch: number;
}

/** What a run's row says of its rounds. */
export interface RunHeadRow {
  readonly epoch: number;
  /** Committed rounds. */
  readonly committed: number;
  /** The latest attempt at the next round; 0: none. */
  readonly attempt: number;
  readonly is_taking: boolean;
}

/**
 * Locks the run's row against all other writers until the transaction ends.
 *
 * @throws FedtuneError `run-unknown`, `stale-epoch`
 */
export async function lockRun(connection: Queryable, { run, epoch }: Owner): Promise<RunHeadRow> {
  const { rows } = await connection.query<RunHeadRow>(
    `SELECT epoch, committed, attempt, is_taking FROM runs WHERE id = $1 FOR NO KEY UPDATE`,
    [run],
  );
  return checkEpoch({ run, epoch }, rows[0]);
}

/** Passes on the row of a run that is there and owned by the writer. */
export function checkEpoch<Row extends Pick<RunHeadRow, "epoch">>(
  { run, epoch }: Owner,
  row: Row | undefined,
): Row {
  if (row === undefined) throw unknownRun(run);
  if (row.epoch === epoch) return row;
  const message = `Cannot write run "${run}" with epoch ${epoch}: it is owned by epoch ${row.epoch}`;
  throw new FedtuneError("stale-epoch", message, { data: { epoch, owner: row.epoch } });
}

/** The run as it stands now, for writes that found nothing to write. */
export async function headOf(connection: Queryable, owner: Owner): Promise<RunHeadRow> {
  const { rows } = await connection.query<RunHeadRow>(
    `SELECT epoch, committed, attempt, is_taking FROM runs WHERE id = $1`,
    [owner.run],
  );
  return checkEpoch(owner, rows[0]);
}

/** The error for a run that is not there. */
export function unknownRun(run: RunId): FedtuneError {
  return new FedtuneError("run-unknown", `Cannot find run "${run}"`);
}

/** The error for a write that does not follow on what is there. */
export function wrongRound(message: string): FedtuneError {
  return new FedtuneError("wrong-round", message);
}
