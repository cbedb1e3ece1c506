/** Runs as those look at them who do not own them: in lists, in figures, one round in full. */
import { digest, runId } from "@fedtune/core";
import type {
  Paged,
  Place,
  RoundDetails,
  RunFilter,
  RunId,
  SeriesPoint,
  SeriesQuery,
  StoredRun,
} from "@fedtune/core";
import type pg from "pg";
import type { PrismaClient } from "../generated/client.ts";
import { checkRun } from "./reads.ts";
import { attemptDetails, evaluationRow, refusalRow, roundRow, updateRow } from "./rows.ts";

interface RunWithSums {
  readonly id: string;
  readonly config_hash: string;
  readonly config: unknown;
  readonly status: StoredRun["status"];
  readonly failure: StoredRun["failure"];
  readonly paused: boolean;
  readonly committed: number;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  /** As text: they may be beyond int4. */
  readonly bytes_up: string;
  readonly bytes_down: string;
  readonly joined: number;
  readonly evaluated: number | null;
}

const columns = `id, config_hash, config, status, failure, paused, committed, created_at, ended_at, bytes_up, bytes_down, joined,
  (SELECT max(round) FROM evaluations WHERE run_id = runs.id) AS evaluated`;

const filtered = `($1::text IS NULL OR status = $1)
  AND ($2::text IS NULL OR strpos(lower(id), $2) > 0 OR strpos(lower(config->>'model'), $2) > 0
    OR strpos(lower(config->'method'->>'name'), $2) > 0)`;

/** A run with its sums; null: there is none of that name. */
export async function getRun(pool: pg.Pool, run: RunId): Promise<StoredRun | null> {
  const { rows } = await pool.query<RunWithSums>(`SELECT ${columns} FROM runs WHERE id = $1`, [
    run,
  ]);
  const [row] = rows;
  return row === undefined ? null : storedRun(row);
}

/** Runs that pass a filter, the newest first. */
export async function findRuns(
  pool: pg.Pool,
  { status, text }: RunFilter,
  { from, limit }: Place,
): Promise<Paged<StoredRun>> {
  const filter = [status ?? null, text?.toLowerCase() ?? null];
  const [found, counted] = await Promise.all([
    pool.query<RunWithSums>(
      `SELECT ${columns} FROM runs WHERE ${filtered}
       ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4`,
      [...filter, limit, from],
    ),
    pool.query<{ total: number }>(
      `SELECT count(*)::int AS total FROM runs WHERE ${filtered}`,
      filter,
    ),
  ]);
  return { rows: found.rows.map(storedRun), total: counted.rows[0]?.total ?? 0 };
}

function storedRun(row: RunWithSums): StoredRun {
  const { id, config_hash, config, status, failure, paused, committed, joined, evaluated } = row;
  return {
    ...{ id: runId(id), configHash: digest(config_hash), config, status, failure, paused },
    ...{ rounds: committed, createdAt: row.created_at.toISOString() },
    endedAt: row.ended_at?.toISOString() ?? null,
    ...{ joined, evaluated, bytesUp: Number(row.bytes_up), bytesDown: Number(row.bytes_down) },
  };
}

/** One finite number per round or evaluation, ascending. */
export async function getSeries(
  { pool, prisma }: { readonly pool: pg.Pool; readonly prisma: PrismaClient },
  run: RunId,
  { of, from, to }: SeriesQuery,
): Promise<readonly SeriesPoint[]> {
  const isEvaluation = typeof of === "object" && of.section === "evaluation";
  const [table, json] = isEvaluation ? ["evaluations", "metrics"] : ["rounds", "row"];
  const { rows } = await pool.query<{ round: number; value: number }>(
    `SELECT round, (value #>> '{}')::float8 AS value
     FROM (SELECT round, ${json} #> $2::text[] AS value FROM ${table}
       WHERE run_id = $1 AND round BETWEEN $3 AND $4) AS found
     WHERE json_typeof(value) = 'number' ORDER BY round`,
    [run, pathOf(of), from, to],
  );
  if (rows.length === 0) await checkRun(prisma, run);
  return rows.map(({ round, value }) => [round, value]);
}

function pathOf(of: SeriesQuery["of"]): readonly string[] {
  if (of === "seconds") return ["seconds"];
  if (of === "aggregationError") return ["aggregationError", "total"];
  const { section, name } = of;
  if (section === "evaluation") return [name];
  return section === "privacy" ? ["privacy", "metrics", name] : [section, name];
}

/** A round with everything that led to it, at one instant. */
export async function getRoundDetails(
  prisma: PrismaClient,
  run: RunId,
  round: number,
): Promise<RoundDetails | null> {
  const where = { runId: run, round };
  const one = { where: { runId_round: where } };
  const [row, evaluation, attempts, refusals, updates] = await prisma.$transaction(
    [
      prisma.round.findUnique(one),
      prisma.evaluation.findUnique(one),
      prisma.attempt.findMany({ where, orderBy: { attempt: "asc" } }),
      prisma.refusal.findMany({ where, orderBy: [{ refusedAt: "asc" }, { index: "asc" }] }),
      prisma.update.findMany({ where, orderBy: { index: "asc" } }),
    ],
    { isolationLevel: "RepeatableRead" },
  );
  if (row === null && attempts.length === 0) {
    await checkRun(prisma, run);
    return null;
  }
  return {
    row: row === null ? null : roundRow(row),
    committedAt: row?.committedAt.toISOString() ?? null,
    evaluation: evaluation === null ? null : evaluationRow(evaluation),
    attempts: attempts.map(attemptDetails),
    refusals: refusals.map((refusal) => ({
      ...refusalRow(refusal),
      refusedAt: refusal.refusedAt.toISOString(),
    })),
    updates: updates.map(updateRow),
  };
}
