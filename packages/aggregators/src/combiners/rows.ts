/** A round's updates side by side, for rules that compare them. */
import { FedtuneError } from "@fedtune/core";
import type { ClosedRound, MethodUpdate } from "@fedtune/core";
import { z } from "zod";

/** Most values of a round that are held at once unless the config says otherwise: 1 GiB of float32. */
const STANDARD_MOST_VALUES = 2 ** 28;

/** The option that every rule with this memory has. */
export const mostValues = {
  maxRobustValues: z
    .int()
    .positive()
    .max(2 ** 36)
    .default(STANDARD_MOST_VALUES)
    .describe("most values of a round's updates together; bounds the server's memory"),
};

/** What a rule asks of the round. */
export interface RowsNeeded {
  readonly combiner: string;
  /** Fewest updates. */
  readonly least: number;
  readonly maxRobustValues: number;
}

/**
 * All updates that weigh something, ascending in participantIndex; equally long and dense. Their deltas are kept as they
 * were decoded: with codec f32 they lie in the bytes that were read, and cost nothing more.
 *
 * @throws FedtuneError `not-enough-clients`, `zero-weight` and `no-updates` where there is nothing to combine,
 * `config-conflict` for sparse updates and for more values than allowed, `shape-mismatch` for unequal lengths
 */
export async function readRows(
  closed: ClosedRound,
  needed: RowsNeeded,
): Promise<readonly [MethodUpdate, ...MethodUpdate[]]> {
  const rows: MethodUpdate[] = [];
  let count = 0;
  for await (const update of closed.updates()) {
    count += 1;
    if (update.weight === 0) continue;
    const { length } = update.delta;
    if (update.support !== undefined) throw sparse(needed);
    if (closed.accepted * length > needed.maxRobustValues)
      throw tooMany(needed, closed.accepted, length);
    const expected = rows[0]?.delta.length ?? length;
    if (length !== expected) throw unequal(needed, update, expected);
    rows.push(update);
  }
  const [first, ...others] = rows.sort((one, other) => one.index - other.index);
  if (first === undefined) throw nothing(needed, count);
  if (rows.length < needed.least) throw tooFew(needed, rows.length);
  return [first, ...others];
}

/** One update of weight 1 that stands for all: the method sees a round of one. */
export function standIn(rows: readonly [MethodUpdate, ...MethodUpdate[]], closed: ClosedRound) {
  const [{ rank, roles }] = rows;
  return (delta: Float32Array): ClosedRound =>
    roundOf(closed, [{ index: 0, rank, weight: 1, roles, delta }]);
}

/** The round with other updates, which are there already. */
export function roundOf(closed: ClosedRound, updates: readonly MethodUpdate[]): ClosedRound {
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  const accepted = updates.length;
  const facts = { round: closed.round, sampled: accepted, accepted, totalWeight };
  return { ...facts, updates: () => streamOf(updates) };
}

/** A stream of what is there already. */
function streamOf<T>(values: readonly T[]): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const each = values.values();
      return { next: () => Promise.resolve(each.next()) };
    },
  };
}

function nothing({ combiner }: RowsNeeded, count: number): FedtuneError {
  return count === 0
    ? new FedtuneError("no-updates", `Cannot combine 0 updates by ${combiner}, wanted at least 1`)
    : new FedtuneError(
        "zero-weight",
        `Cannot combine ${String(count)} updates by ${combiner}: all weights are 0`,
      );
}

function tooFew({ combiner, least }: RowsNeeded, count: number): FedtuneError {
  return new FedtuneError(
    "not-enough-clients",
    `Cannot combine ${String(count)} updates by ${combiner}, wanted at least ${String(least)}`,
    { data: { updates: count, least } },
  );
}

function tooMany(
  { combiner, maxRobustValues }: RowsNeeded,
  count: number,
  length: number,
): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot combine ${String(count)} updates of ${String(length)} values by ${combiner}: ` +
      `${String(count * length)} values at once, wanted at most combiner.maxRobustValues ${String(maxRobustValues)}`,
    { data: { updates: count, length, maxRobustValues } },
  );
}

function sparse({ combiner }: RowsNeeded): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot combine sparse updates by ${combiner}: what did not travel has no value, wanted dense updates`,
  );
}

function unequal({ combiner }: RowsNeeded, { index, delta }: MethodUpdate, expected: number) {
  return new FedtuneError(
    "shape-mismatch",
    `Cannot combine the update of client ${String(index)} by ${combiner}: ${String(delta.length)} values, expected ${String(expected)}`,
    { data: { index, size: delta.length, expected } },
  );
}
