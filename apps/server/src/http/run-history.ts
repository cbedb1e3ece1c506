/** The past of runs, read from the store page by page. */
import type { OutputOf, PageQuery } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type {
  Blobs,
  Paged,
  Place,
  RoundRow,
  RunConfig,
  RunHistory,
  RunId,
  Store,
  StoredRun,
} from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import type { OpenRun } from "../run-registry.ts";
import { bestOf } from "./figures.ts";
import { emptyPage, pageFrom } from "./page.ts";
import { participantFacts } from "./participant-facts.ts";
import { hidesPresence, publicEvaluation, publicRound } from "./public-history.ts";
import { roundTold } from "./round-details.ts";
import type { RunService } from "./run-service.ts";
import { configIn } from "./run-view.ts";
import { seriesOf } from "./series.ts";

/** A row of a run's privacy ledger. */
export type LedgerRow = OutputOf<"getLedger">["rows"][number];

/** What the past is read from. */
export interface HistoryPorts {
  readonly store: Store;
  readonly blobs: Blobs;
  /** The rows that a run has charged; null: this store keeps none. */
  readonly ledgerRows: ((run: RunId, place: Place) => Promise<Paged<LedgerRow>>) | null;
}

/** Where what is not stored yet is looked up. */
export interface LiveRuns {
  readonly openOf: (run: RunId) => OpenRun | undefined;
}

/** The part of the service that reads the past. */
export type RunPast = Pick<
  RunService,
  | "rounds"
  | "round"
  | "series"
  | "participants"
  | "evaluations"
  | "attempts"
  | "refusals"
  | "ledger"
  | "clients"
  | "adapter"
>;

/** Makes the reader. */
export function runHistory(ports: HistoryPorts & LiveRuns): RunPast {
  const { store } = ports;
  const configOf = async (run: RunId): Promise<RunConfig> => configIn(await storedRun(store, run));
  return {
    async rounds(run, page) {
      const config = await configOf(run);
      return pageFrom(told(await store.getRounds(run, page), config, publicRound), page.from);
    },
    async evaluations(run, page) {
      const config = await configOf(run);
      const found = await store.getEvaluations(run, page);
      return pageFrom(told(found, config, publicEvaluation), page.from);
    },
    async attempts(run, page) {
      if (hidesPresence(await configOf(run))) return emptyPage;
      return pageFrom(await store.getAttempts(run, page), page.from);
    },
    async refusals(run, page) {
      if (hidesPresence(await configOf(run))) return emptyPage;
      return pageFrom(await store.getRefusals(run, page), page.from);
    },
    round: (run, round) => roundOf(ports, run, round),
    async series(run, query) {
      return seriesOf(store, { run, config: await configOf(run) }, query);
    },
    participants: (run, page, revoked) => participantsOf(ports, { run, page, revoked }),
    async ledger(run, page) {
      const stored = await storedRun(store, run);
      const guarantee = runGuarantee(configIn(stored), stored.rounds);
      const charged = (await ports.ledgerRows?.(run, page)) ?? { rows: [], total: 0 };
      const { items, total, next } = pageFrom(charged, page.from);
      return { guarantee: { ...guarantee }, rows: items, total, next };
    },
    clients: (run) => store.getClients(run),
    adapter: (run, wanted) => adapterOf(ports, run, wanted),
  };
}

function told<Row, Told>(
  { rows, total }: Paged<Row>,
  config: RunConfig,
  tell: (row: Row, config: RunConfig) => Told,
): Paged<Told> {
  return { rows: rows.map((row) => tell(row, config)), total };
}

/** @throws FedtuneError `run-unknown` */
export async function storedRun(store: Store, run: RunId): Promise<StoredRun> {
  const found = await store.getRun(run);
  if (found !== null) return found;
  throw unknown(run);
}

/** Everything of a run at once, however much. @throws FedtuneError `run-unknown` */
export async function storedHistory(store: Store, run: RunId): Promise<RunHistory> {
  const history = await store.getHistory(run);
  if (history !== null) return history;
  throw unknown(run);
}

function unknown(run: RunId): FedtuneError {
  return new FedtuneError("run-unknown", `Cannot find run "${run}": there is none of this name`);
}

async function roundOf(
  { store, openOf }: HistoryPorts & LiveRuns,
  run: RunId,
  round: number,
): Promise<OutputOf<"getRound">> {
  const stored = await storedRun(store, run);
  const { rounds: committed } = stored;
  const details = await store.getRoundDetails(run, round);
  if (details === null) {
    const message = `Cannot find round ${round} of run "${run}": it has not begun, ${committed} are committed`;
    throw new FedtuneError("usage", message, { data: { run, round, committed } });
  }
  const names = new Map((await store.getClients(run)).map(({ index, client }) => [index, client]));
  const live = openOf(run)?.coordinator.timeline() ?? null;
  return roundTold({ round, details, config: configIn(stored), live, names });
}

async function participantsOf(
  { store, openOf }: HistoryPorts & LiveRuns,
  {
    run,
    page,
    revoked,
  }: {
    readonly run: RunId;
    readonly page: PageQuery;
    readonly revoked: ReadonlyMap<string, string>;
  },
): ReturnType<RunPast["participants"]> {
  const stored = await storedRun(store, run);
  if (hidesPresence(configIn(stored))) return emptyPage;
  const { rows, total, examplesSum } = await store.getParticipants(run, page);
  const state = openOf(run)?.coordinator.state() ?? null;
  const now = new Date().toISOString();
  const context = { examplesSum, state, committed: stored.rounds, revoked, now };
  return pageFrom({ rows: rows.map((row) => participantFacts(row, context)), total }, page.from);
}

async function adapterOf(
  { store, blobs }: HistoryPorts,
  run: RunId,
  wanted: { readonly round: string; readonly rank: number | undefined },
): Promise<OutputOf<"getAdapter">> {
  const stored = await storedRun(store, run);
  const row = await roundNamed(store, stored, wanted.round);
  const rank = wanted.rank ?? configIn(stored).adapter.rank;
  const model = row?.adapters.find((adapter) => adapter.rank === rank)?.model;
  if (row === null || model === undefined) {
    const has = row === null ? "the round is not committed" : `the run has no rank ${rank}`;
    const message = `Cannot find the adapter of round ${wanted.round} of run "${run}": ${has}`;
    throw new FedtuneError("blob-missing", message, { data: { run, committed: stored.rounds } });
  }
  const headers = {
    "x-fedtune-hash": model,
    "x-fedtune-round": String(row.round),
    "x-fedtune-rank": String(rank),
  };
  return { bytes: await blobs.get(model), headers };
}

async function roundNamed(store: Store, run: StoredRun, wanted: string): Promise<RoundRow | null> {
  const round = await numberOf(store, run, wanted);
  return round === null ? null : store.getRound(run.id, round);
}

/** Of `best`: the committed round with the best evaluation by the run's own metric; of two alike the earlier. */
async function numberOf(store: Store, run: StoredRun, wanted: string): Promise<number | null> {
  if (wanted === "latest") return run.rounds;
  if (wanted !== "best") return Number(wanted);
  const { metric } = configIn(run).evaluation;
  const of = { section: "evaluation", name: metric } as const;
  const points = await store.getSeries(run.id, { of, from: 1, to: run.rounds });
  return bestOf(points, metric)?.[0] ?? null;
}
