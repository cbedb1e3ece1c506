/** What is read of a run. */
import { clientId } from "@fedtune/core";
import type {
  EnrolledClient,
  Resumption,
  RoundRow,
  RunHead,
  RunHistory,
  RunId,
  UpdateRow,
} from "@fedtune/core";
import type { Attempt, PrismaClient } from "../generated/client.ts";
import { unknownRun } from "./fence.ts";
import type { RunHeadRow } from "./fence.ts";
import {
  attemptRow,
  evaluationRow,
  refusalRow,
  roundRow,
  runEnd,
  runHead,
  runRow,
  updateRow,
} from "./rows.ts";

type OpenAttempt = NonNullable<Resumption["attempt"]>;

/** Updates of one round. */
export interface UpdatesOf {
  readonly run: RunId;
  readonly round: number;
  readonly indices: readonly number[];
}

/** In the order of `indices`; those that are not there are left out. */
export async function getUpdates(
  prisma: PrismaClient,
  { run, round, indices }: UpdatesOf,
): Promise<readonly UpdateRow[]> {
  const where = { runId: run, round, index: { in: [...indices] } };
  const updates = await prisma.update.findMany({ where });
  if (updates.length === 0) await checkRun(prisma, run);
  const byIndex = new Map(updates.map((update) => [update.index, updateRow(update)]));
  return indices.flatMap((index) => byIndex.get(index) ?? []);
}

/** The clients that have enrolled, in order of their index. */
export async function getClients(
  prisma: PrismaClient,
  run: RunId,
): Promise<readonly EnrolledClient[]> {
  const where = { runId: run };
  const clients = await prisma.participant.findMany({ where, orderBy: { index: "asc" } });
  if (clients.length === 0) await checkRun(prisma, run);
  return clients.map(({ client, index }) => ({ client: clientId(client), index }));
}

/** A round of a run. */
export interface RoundKey {
  readonly run: RunId;
  readonly round: number;
}

/** Committed rounds, or null; in the order of the keys, each of which is read once. */
export async function getRoundsOf(
  prisma: PrismaClient,
  keys: readonly RoundKey[],
): Promise<readonly (RoundRow | null)[]> {
  const wanted = new Map(keys.map((key) => [nameOf(key), key]));
  const where = [...wanted.values()].map(({ run: runId, round }) => ({ runId, round }));
  const found = await prisma.round.findMany({ where: { OR: where } });
  const rows = new Map(
    found.map((row) => [nameOf({ run: row.runId as RunId, round: row.round }), roundRow(row)]),
  );
  return keys.map((key) => rows.get(nameOf(key)) ?? null);
}

function nameOf({ run, round }: RoundKey): string {
  return `${run}/${round}`;
}

/** All runs, the oldest first. */
export async function getRuns(prisma: PrismaClient): Promise<readonly RunHead[]> {
  const runs = await prisma.run.findMany({ orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  return runs.map(runHead);
}

const inOrder = { orderBy: { round: "asc" } } as const;

/** Everything of a run at one instant. */
export async function getHistory(prisma: PrismaClient, run: RunId): Promise<RunHistory | null> {
  const where = { runId: run };
  const found = await prisma.$transaction(
    [
      prisma.run.findUnique({ where: { id: run } }),
      prisma.round.findMany({ where, ...inOrder }),
      prisma.evaluation.findMany({ where, ...inOrder }),
      prisma.attempt.findMany({
        ...{ where, orderBy: [{ round: "asc" }, { attempt: "asc" }] },
        omit: { members: true },
      }),
      prisma.refusal.findMany({ where, orderBy: [{ refusedAt: "asc" }, { index: "asc" }] }),
    ],
    { isolationLevel: "RepeatableRead" },
  );
  const [row, rounds, evaluations, attempts, refusals] = found;
  if (row === null) return null;
  const { status, failure } = runEnd(row) ?? { status: "running", failure: null };
  return {
    ...{ run: runRow(row), status, failure },
    rounds: rounds.map(roundRow),
    evaluations: evaluations.map(evaluationRow),
    attempts: attempts.map(attemptRow),
    refusals: refusals.map(refusalRow),
  };
}

/**
 * What the owner of the run finds. Its epoch fences everybody else, so that what is read after the run was taken is what
 * was there when it was.
 */
export async function getResumption(
  prisma: PrismaClient,
  run: RunId,
  head: RunHeadRow,
): Promise<Resumption> {
  const where = { runId: run };
  const round = head.committed + 1;
  const [row, last, evaluations, attempt] = await Promise.all([
    prisma.run.findUnique({ where: { id: run } }),
    prisma.round.findUnique({ where: { runId_round: { runId: run, round: head.committed } } }),
    prisma.evaluation.findMany({ where, ...inOrder }),
    prisma.attempt.findUnique({
      where: { runId_round_attempt: { runId: run, round, attempt: head.attempt } },
    }),
  ]);
  if (row === null) throw unknownRun(run);
  return {
    ...{ epoch: head.epoch, paused: row.paused, end: runEnd(row) },
    last: last === null ? null : roundRow(last),
    attempt: attempt === null ? null : await openAttempt(prisma, attempt),
    evaluations: evaluations.map(evaluationRow),
  };
}

async function openAttempt(prisma: PrismaClient, row: Attempt): Promise<OpenAttempt> {
  const { runId, round, attempt } = row;
  const [ages, updates, refusals] = await Promise.all([
    // By the clock that has noted its opening.
    prisma.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM clock_timestamp() - opened_at) * 1000)::float8 AS ms FROM attempts
      WHERE run_id = ${runId} AND round = ${round} AND attempt = ${attempt}`,
    prisma.update.findMany({ where: { runId, round }, orderBy: { index: "asc" } }),
    prisma.refusal.findMany({
      where: { runId, round, attempt },
      orderBy: [{ refusedAt: "asc" }, { index: "asc" }],
    }),
  ]);
  const status = row.status as OpenAttempt["status"];
  return {
    ...attemptRow(row),
    ...{ updates: updates.map(updateRow), refusals: refusals.map(refusalRow), status },
    accepted: status === "closed" ? row.accepted : null,
    ageMs: Math.max(0, ages[0]?.ms ?? 0),
  };
}

/** @throws FedtuneError `run-unknown` */
export async function checkRun(prisma: PrismaClient, run: RunId): Promise<void> {
  const found = await prisma.run.findUnique({ where: { id: run }, select: { id: true } });
  if (found === null) throw unknownRun(run);
}
