/** Parts of the lists of a run: every page reads its own rows, by an index. */
import type {
  AttemptRow,
  EvaluationRow,
  Paged,
  ParticipantPage,
  Place,
  RefusalRow,
  RoundRow,
  RunId,
} from "@fedtune/core";
import type { PrismaClient } from "../generated/client.ts";
import { checkRun } from "./reads.ts";
import { attemptRow, evaluationRow, participantRow, refusalRow, roundRow } from "./rows.ts";
import { unknownRun } from "./fence.ts";

/** Committed rounds: they are numbered from 1 without a gap, so that a place is a number. */
export async function getRounds(
  prisma: PrismaClient,
  run: RunId,
  { from, limit }: Place,
): Promise<Paged<RoundRow>> {
  const head = await prisma.run.findUnique({ where: { id: run }, select: { committed: true } });
  if (head === null) throw unknownRun(run);
  const rows = await prisma.round.findMany({
    where: { runId: run, round: { gt: from, lte: from + limit } },
    orderBy: { round: "asc" },
  });
  return { rows: rows.map(roundRow), total: head.committed };
}

/** In order of their rounds. */
export async function getEvaluations(
  prisma: PrismaClient,
  run: RunId,
  place: Place,
): Promise<Paged<EvaluationRow>> {
  const where = { runId: run };
  const [rows, total] = await Promise.all([
    prisma.evaluation.findMany({ where, orderBy: { round: "asc" }, ...partOf(place) }),
    prisma.evaluation.count({ where }),
  ]);
  return page(prisma, run, { rows: rows.map(evaluationRow), total });
}

/** In the order of their opening. */
export async function getAttempts(
  prisma: PrismaClient,
  run: RunId,
  place: Place,
): Promise<Paged<AttemptRow>> {
  const where = { runId: run };
  const orderBy = [{ round: "asc" }, { attempt: "asc" }] as const;
  const [rows, total] = await Promise.all([
    prisma.attempt.findMany({
      ...{ where, orderBy: [...orderBy], ...partOf(place) },
      // What became of the members is long, and of no use here.
      omit: { members: true },
    }),
    prisma.attempt.count({ where }),
  ]);
  return page(prisma, run, { rows: rows.map(attemptRow), total });
}

/** In the order in which they were written. */
export async function getRefusals(
  prisma: PrismaClient,
  run: RunId,
  place: Place,
): Promise<Paged<RefusalRow>> {
  const where = { runId: run };
  const orderBy = [{ refusedAt: "asc" }, { index: "asc" }] as const;
  const [rows, total] = await Promise.all([
    prisma.refusal.findMany({ where, orderBy: [...orderBy], ...partOf(place) }),
    prisma.refusal.count({ where }),
  ]);
  return page(prisma, run, { rows: rows.map(refusalRow), total });
}

/** Clients with their sums, in order of their index. */
export async function getParticipants(
  prisma: PrismaClient,
  run: RunId,
  place: Place,
): Promise<ParticipantPage> {
  const where = { runId: run };
  const [rows, sums] = await Promise.all([
    prisma.participant.findMany({ where, orderBy: { index: "asc" }, ...partOf(place) }),
    prisma.participant.aggregate({ where, _count: true, _sum: { examplesSum: true } }),
  ]);
  const found = { rows: rows.map(participantRow), total: sums._count };
  const examplesSum = Number(sums._sum.examplesSum ?? 0);
  return { ...(await page(prisma, run, found)), examplesSum };
}

function partOf({ from, limit }: Place): { readonly skip: number; readonly take: number } {
  return { skip: from, take: limit };
}

/** An empty list may be one of a run that does not exist. */
async function page<Row>(prisma: PrismaClient, run: RunId, found: Paged<Row>): Promise<Paged<Row>> {
  if (found.total === 0) await checkRun(prisma, run);
  return found;
}
