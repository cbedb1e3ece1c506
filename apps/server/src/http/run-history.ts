/** The past of runs, read from the store. */
import type { OutputOf } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { Blobs, RoundRow, RunHistory, RunId, Store } from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import { pageOf } from "./page.ts";
import { publicHistory } from "./public-history.ts";
import type { RunService } from "./run-service.ts";
import { configOf } from "./run-view.ts";

/** A row of a run's privacy ledger. */
export type LedgerRow = OutputOf<"getLedger">["rows"][number];

/** What the past is read from. */
export interface HistoryPorts {
  readonly store: Store;
  readonly blobs: Blobs;
  /** The rows that a run has charged; null: this store keeps none. */
  readonly ledgerRows: ((run: RunId) => Promise<readonly LedgerRow[]>) | null;
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
export function runHistory(ports: HistoryPorts): RunPast {
  const { store } = ports;
  const told = async (run: RunId) => {
    const history = await storedHistory(store, run);
    return publicHistory(history, configOf(history));
  };
  return {
    async round(run, round) {
      const { rounds, evaluations } = await told(run);
      const committed = rounds.find((row) => row.round === round) ?? null;
      const evaluation = evaluations.find((row) => row.round === round) ?? null;
      return { round, committed, committedAt: null, evaluation, attempts: [] };
    },
    async series(run, { metric }) {
      const name = metric.split(".")[1] ?? "";
      const points = (await told(run)).evaluations.flatMap(({ round, metrics }) => {
        const value = metrics[name];
        return value === undefined ? [] : [[round, value] as const];
      });
      return { metric, total: points.length, isRaw: true, points };
    },
    participants: () => Promise.resolve({ items: [], total: 0, next: null }),
    rounds: async (run, page) => pageOf((await told(run)).rounds, page),
    evaluations: async (run, page) => pageOf((await told(run)).evaluations, page),
    attempts: async (run, page) => pageOf((await told(run)).attempts, page),
    refusals: async (run, page) => pageOf((await told(run)).refusals, page),
    async ledger(run, page) {
      const history = await storedHistory(store, run);
      const guarantee = runGuarantee(configOf(history), history.rounds.length);
      const rows = (await ports.ledgerRows?.(run)) ?? [];
      const { items, total, next } = pageOf(rows, page);
      return { guarantee: { ...guarantee }, rows: items, total, next };
    },
    async clients(run) {
      await storedHistory(store, run);
      return store.getClients(run);
    },
    adapter: (run, wanted) => adapterOf(ports, run, wanted),
  };
}

/** @throws FedtuneError `run-unknown` */
export async function storedHistory(store: Store, run: RunId): Promise<RunHistory> {
  const history = await store.getHistory(run);
  if (history !== null) return history;
  throw new FedtuneError("run-unknown", `Cannot find run "${run}": there is none of this name`);
}

async function adapterOf(
  { store, blobs }: HistoryPorts,
  run: RunId,
  wanted: { readonly round: string; readonly rank: number | undefined },
): Promise<OutputOf<"getAdapter">> {
  const history = await storedHistory(store, run);
  const row = roundOf(history, wanted.round);
  const rank = wanted.rank ?? configOf(history).adapter.rank;
  const model = row?.adapters.find((adapter) => adapter.rank === rank)?.model;
  if (row === null || model === undefined) {
    const has = row === null ? "the round is not committed" : `the run has no rank ${rank}`;
    const message = `Cannot find the adapter of round ${wanted.round} of run "${run}": ${has}`;
    const rounds = history.rounds.map(({ round }) => round);
    throw new FedtuneError("blob-missing", message, { data: { run, rounds } });
  }
  const headers = {
    "x-fedtune-hash": model,
    "x-fedtune-round": String(row.round),
    "x-fedtune-rank": String(rank),
  };
  return { bytes: await blobs.get(model), headers };
}

function roundOf(history: RunHistory, wanted: string): RoundRow | null {
  const { rounds } = history;
  if (wanted === "latest") return rounds.at(-1) ?? null;
  const round = wanted === "best" ? bestRound(history) : Number(wanted);
  return rounds.find((row) => row.round === round) ?? null;
}

/** The committed round with the best evaluation by the run's own metric; of two alike the earlier. */
function bestRound(history: RunHistory): number | null {
  const { metric } = configOf(history).evaluation;
  const sign = metric === "loss" || metric.endsWith("Loss") ? -1 : 1;
  const committed = new Set(history.rounds.map(({ round }) => round));
  let best: { readonly round: number; readonly value: number } | null = null;
  for (const { round, metrics } of history.evaluations) {
    const value = sign * (metrics[metric] ?? NaN);
    if (committed.has(round) && value > (best?.value ?? -Infinity)) best = { round, value };
  }
  return best?.round ?? null;
}
