/** The pages and sums that the memory store tells of runs. */
import type { RunId } from "../ids.ts";
import { promised, updatesOf } from "./memory-data.ts";
import type { RunData, StoredAttempt } from "./memory-data.ts";
import type { RoundRow, RunHead, RunHistory, Store } from "./store.ts";
import type {
  AttemptDetails,
  Paged,
  ParticipantRow,
  Place,
  RoundDetails,
  RunFilter,
  SeriesPoint,
  SeriesQuery,
  StoredRun,
} from "./store-reads.ts";

type Reads =
  | "getClients"
  | "getUpdate"
  | "getUpdates"
  | "getRound"
  | "getHistory"
  | "getRuns"
  | "getRun"
  | "findRuns"
  | "getRounds"
  | "getEvaluations"
  | "getAttempts"
  | "getRefusals"
  | "getParticipants"
  | "getSeries"
  | "getRoundDetails";

/** All that is read. */
export function readsOf(
  runs: ReadonlyMap<RunId, RunData>,
  read: (run: RunId) => RunData,
): Pick<Store, Reads> {
  const inOrder = <Row extends { readonly round: number }>(rows: readonly Row[]): Row[] =>
    [...rows].sort((a, b) => a.round - b.round);
  return {
    getClients: (run) =>
      promised(() => participantsOf(read(run)).map(({ client, index }) => ({ client, index }))),
    getUpdate: (run, round, index) =>
      promised(() => read(run).updates.get(round)?.get(index) ?? null),
    getUpdates: (run, round, indices) =>
      promised(() => {
        const updates = read(run).updates.get(round);
        return indices.flatMap((index) => updates?.get(index) ?? []);
      }),
    getRound: (run, round) =>
      promised(() => read(run).rounds.find((row) => row.round === round) ?? null),
    getHistory: (run) => promised(() => history(runs.get(run))),
    getRuns: () => promised(() => [...runs.values()].map(headOf)),
    getRun: (run) =>
      promised(() => {
        const data = runs.get(run);
        return data === undefined ? null : storedRun(data);
      }),
    findRuns: (filter, place) => promised(() => findRuns(runs.values(), filter, place)),
    getRounds: (run, place) => promised(() => pageOf(read(run).rounds, place)),
    getEvaluations: (run, place) => promised(() => pageOf(inOrder(read(run).evaluations), place)),
    getAttempts: (run, place) =>
      promised(() => {
        const { rows, total } = pageOf(read(run).attempts, place);
        return { rows: rows.map(({ row }) => row), total };
      }),
    getRefusals: (run, place) =>
      promised(() => {
        const { rows, total } = pageOf(read(run).refusals, place);
        return { rows: rows.map(({ row }) => row), total };
      }),
    getParticipants: (run, place) =>
      promised(() => {
        const all = participantsOf(read(run));
        const examplesSum = all.reduce((sum, one) => sum + one.examplesSum, 0);
        return { ...pageOf(all, place), examplesSum };
      }),
    getSeries: (run, wanted) => promised(() => series(read(run), wanted)),
    getRoundDetails: (run, round) => promised(() => roundDetails(read(run), round)),
  };
}

/** A part of a list. */
function pageOf<Row>(all: readonly Row[], { from, limit }: Place): Paged<Row> {
  return { rows: all.slice(from, from + limit), total: all.length };
}

/** A run in a list. */
function headOf({ row, createdAt, end, paused, rounds }: RunData): RunHead {
  const { id, configHash } = row;
  const status = end?.status ?? "running";
  return { id, configHash, status, paused, rounds: rounds.length, createdAt };
}

/** A run with its sums. */
function storedRun(data: RunData): StoredRun {
  const { row, end, endedAt, clients, rounds, evaluations } = data;
  const sum = (kind: "bytesUp" | "bytesDown"): number =>
    rounds.reduce((bytes, { traffic }) => bytes + traffic[kind], 0);
  const evaluated = evaluations.map(({ round }) => round);
  return {
    ...headOf(data),
    ...{ config: row.config, failure: end?.failure ?? null, endedAt, joined: clients.size },
    ...{ bytesUp: sum("bytesUp"), bytesDown: sum("bytesDown") },
    evaluated: evaluated.length === 0 ? null : Math.max(...evaluated),
  };
}

/** Runs that pass a filter, the newest first. */
function findRuns(runs: Iterable<RunData>, filter: RunFilter, place: Place): Paged<StoredRun> {
  const newest = [...runs].reverse().filter((data) => passes(data, filter));
  const { rows, total } = pageOf(newest, place);
  return { rows: rows.map(storedRun), total };
}

function passes({ row, end }: RunData, { status, text }: RunFilter): boolean {
  if (status !== undefined && status !== (end?.status ?? "running")) return false;
  const { model, method } = namesIn(row.config);
  const wanted = (text ?? "").toLowerCase();
  return [row.id, model, method].some((name) => name.toLowerCase().includes(wanted));
}

function namesIn(config: unknown): { readonly model: string; readonly method: string } {
  const model = fieldOf(config, "model");
  const method = fieldOf(fieldOf(config, "method"), "name");
  return {
    model: typeof model === "string" ? model : "",
    method: typeof method === "string" ? method : "",
  };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** Clients in order of their index. */
function participantsOf({ clients }: RunData): readonly ParticipantRow[] {
  return [...clients.values()].sort((a, b) => a.index - b.index);
}

/** Everything that happened, for reports. */
function history(data: RunData | undefined): RunHistory | null {
  if (data === undefined) return null;
  const { row, end, rounds, evaluations, attempts, refusals } = data;
  return {
    ...{ run: row, status: end?.status ?? "running", failure: end?.failure ?? null },
    ...{ rounds: [...rounds], evaluations: [...evaluations] },
    refusals: refusals.map((refusal) => refusal.row),
    attempts: attempts.map((attempt) => attempt.row),
  };
}

/** One number per round. */
function series(data: RunData, { of, from, to }: SeriesQuery): readonly SeriesPoint[] {
  const isEvaluation = typeof of === "object" && of.section === "evaluation";
  const rows = isEvaluation
    ? data.evaluations.map(({ round, metrics }) => [round, metrics[of.name]] as const)
    : data.rounds.map((row) => [row.round, numberOf(row, of)] as const);
  return rows
    .flatMap(([round, value]): SeriesPoint[] =>
      typeof value === "number" && Number.isFinite(value) && round >= from && round <= to
        ? [[round, value]]
        : [],
    )
    .sort(([a], [b]) => a - b);
}

function numberOf(row: RoundRow, of: SeriesQuery["of"]): unknown {
  if (of === "seconds") return row.seconds;
  if (of === "aggregationError") return row.aggregationError.total;
  const section = of.section === "privacy" ? row.privacy?.metrics : fieldOf(row, of.section);
  return fieldOf(section, of.name);
}

/** A round with everything that led to it. */
function roundDetails(data: RunData, round: number): RoundDetails | null {
  const at = data.rounds.findIndex((row) => row.round === round);
  const attempts = data.attempts.filter(({ row }) => row.round === round);
  if (at === -1 && attempts.length === 0) return null;
  return {
    row: data.rounds[at] ?? null,
    committedAt: data.committedAt[at] ?? null,
    evaluation: data.evaluations.find((one) => one.round === round) ?? null,
    attempts: attempts.map(attemptDetails),
    refusals: data.refusals
      .filter(({ row }) => row.round === round)
      .map(({ row, refusedAt }) => ({ ...row, refusedAt })),
    updates: updatesOf(data, round),
  };
}

function attemptDetails({ row, end, openedAt, endedAt }: StoredAttempt): AttemptDetails {
  const { code, message } =
    end?.status === "abandoned" ? end : ({ code: null, message: null } as const);
  return {
    ...row,
    ...{ status: end?.status ?? "open", openedAt: new Date(openedAt).toISOString(), endedAt },
    ...{ code, message, members: end === null ? null : (end.members ?? []) },
  };
}
