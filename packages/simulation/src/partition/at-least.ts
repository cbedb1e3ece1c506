import { FedtuneError } from "@fedtune/core";
import type { Rng } from "@fedtune/core";
import type { Share } from "./scheme.ts";

/**
 * Moves random rows, one by one, from whoever has most to those with fewer than `least`.
 *
 * @throws FedtuneError `config-conflict` when there are too few rows for all, or rows may not move
 */
export function atLeast(
  least: number,
  shares: readonly Share[],
  { movable, rng }: { readonly movable: boolean; readonly rng: Rng },
): readonly Share[] {
  if (!shares.some(({ rows }) => rows.length < least)) return shares;
  const total = shares.reduce((sum, { rows }) => sum + rows.length, 0);
  if (!movable || total < least * shares.length) {
    throw new FedtuneError("config-conflict", refusal(shares, { least, total, movable }), {
      data: { minExamplesPerClient: least, clients: shares.length, rows: total },
    });
  }
  return moveRows(shares, least, rng);
}

/** Clients that a message names. */
const NAMED = 5;

function refusal(
  shares: readonly Share[],
  facts: { readonly least: number; readonly total: number; readonly movable: boolean },
): string {
  const { least, total, movable } = facts;
  const poor = shares.flatMap(({ name, rows }, index) =>
    rows.length < least ? [`client ${name ?? String(index + 1)}: ${String(rows.length)}`] : [],
  );
  const more = poor.length > NAMED ? ", ..." : "";
  const why = movable
    ? `there are ${String(total)} rows in all`
    : "a column says whose rows they are";
  const fewest = Math.min(...shares.map(({ rows }) => rows.length));
  const change = movable
    ? `simulation.clients of at most ${String(Math.floor(total / least))}`
    : "data or options that leave nobody so little";
  return (
    `Cannot give every client ${String(least)} rows (minExamplesPerClient): ${String(poor.length)} of ${String(shares.length)} ` +
    `have fewer (${poor.slice(0, NAMED).join(", ")}${more}), and ${why}; wanted ${change}, or ` +
    `simulation.partition.minExamplesPerClient of at most ${String(movable ? Math.floor(total / shares.length) : fewest)}`
  );
}

function moveRows(shares: readonly Share[], least: number, rng: Rng): Share[] {
  const rows = shares.map((share) => [...share.rows]);
  for (const own of rows) {
    while (own.length < least) {
      const rich = rows.reduce((most, other) => (other.length > most.length ? other : most));
      own.push(...rich.splice(rng.below(rich.length), 1));
    }
  }
  return shares.map(({ name }, client) => ({ name, rows: rows[client] ?? [] }));
}
