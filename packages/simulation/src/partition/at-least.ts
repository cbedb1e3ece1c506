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
  const poor = shares.findIndex(({ rows }) => rows.length < least);
  if (poor < 0) return shares;
  const total = shares.reduce((sum, { rows }) => sum + rows.length, 0);
  if (!movable || total < least * shares.length) {
    throw new FedtuneError("config-conflict", refusal(shares, poor, least), {
      data: { minExamplesPerClient: least, clients: shares.length, rows: total },
    });
  }
  return moveRows(shares, least, rng);
}

function refusal(shares: readonly Share[], poor: number, least: number): string {
  const { name, rows } = shares[poor] ?? { name: null, rows: [] };
  const who = `client ${name ?? String(poor + 1)} of ${String(shares.length)}`;
  return (
    `Cannot give every client ${String(least)} rows (minExamplesPerClient): ${who} has ${String(rows.length)}, ` +
    "and the others have none to spare"
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
