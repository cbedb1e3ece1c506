/** A part of a run's privacy ledger, as it is shown. */
import type { Paged, Place, RunId } from "@fedtune/core";
import type { PrismaClient } from "../generated/client.ts";

/** A row of the ledger; see {@link appendLedger}. */
export interface ShownLedgerRow {
  readonly sequence: number;
  readonly round: number;
  readonly event: Readonly<Record<string, unknown>>;
  readonly previous: string;
  readonly hash: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/** Rows are numbered from 1 without a gap, so that a place is a number. */
export async function ledgerPage(
  prisma: PrismaClient,
  run: RunId,
  { from, limit }: Place,
): Promise<Paged<ShownLedgerRow>> {
  const [rows, last] = await Promise.all([
    prisma.ledgerRow.findMany({
      where: { runId: run, sequence: { gt: from, lte: from + limit } },
      orderBy: { sequence: "asc" },
    }),
    prisma.ledgerRow.findFirst({
      where: { runId: run },
      orderBy: { sequence: "desc" },
      select: { sequence: true },
    }),
  ]);
  const shown = rows.map(({ sequence, round, event, previous, hash, spentAt }) => ({
    ...{ sequence, round, previous, hash, at: spentAt.toISOString() },
    event: event as ShownLedgerRow["event"],
  }));
  return { rows: shown, total: last?.sequence ?? 0 };
}
