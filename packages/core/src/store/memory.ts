/** A store and blobs in memory: for simulation, tests, and as the reference that other stores must match. */
import { FedtuneError } from "../errors.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { Blobs } from "../ports.ts";
import type {
  AttemptRow,
  EvaluationRow,
  RoundRow,
  RunEnd,
  RunHistory,
  RunRow,
  Store,
  UpdateRow,
} from "./store.ts";

interface RunData {
  readonly row: RunRow;
  epoch: number;
  end: RunEnd | null;
  readonly clients: Map<ClientId, number>;
  readonly updates: Map<string, UpdateRow>;
  readonly rounds: RoundRow[];
  readonly evaluations: EvaluationRow[];
  readonly attempts: AttemptRow[];
}

/** Makes an empty store; its rows live as long as it does. */
export function memoryStore(): Store {
  const runs = new Map<RunId, RunData>();
  const read = (run: RunId): RunData => {
    const data = runs.get(run);
    if (data === undefined) throw new FedtuneError("run-unknown", `Cannot find run "${run}"`);
    return data;
  };
  const write = (run: RunId, epoch: number): RunData => {
    const data = read(run);
    if (data.epoch === epoch) return data;
    const message = `Cannot write run "${run}" with epoch ${epoch}: it is owned by epoch ${data.epoch}`;
    throw new FedtuneError("stale-epoch", message, { data: { epoch, owner: data.epoch } });
  };
  const at = (round: number, index: number): string => `${round}/${index}`;
  return {
    openRun: (row) => promised(() => openRun(runs, row)),
    enrol: (run, client, roster) => promised(() => enrol(read(run), client, roster)),
    openAttempt: (run, epoch, attempt) =>
      promised(() => void write(run, epoch).attempts.push(attempt)),
    putUpdate: (run, epoch, update) =>
      promised(() => {
        const { updates } = write(run, epoch);
        const before = updates.get(at(update.round, update.index));
        if (before !== undefined)
          return before.blob.hash === update.blob.hash ? "same" : "conflict";
        updates.set(at(update.round, update.index), update);
        return "stored";
      }),
    getUpdate: (run, round, index) =>
      promised(() => read(run).updates.get(at(round, index)) ?? null),
    getUpdates: (run, round, indices) =>
      promised(() => {
        const { updates } = read(run);
        return indices.flatMap((index) => updates.get(at(round, index)) ?? []);
      }),
    commitRound: (run, epoch, row) =>
      promised(() => {
        commitRound(write(run, epoch), row);
      }),
    putEvaluation: (run, epoch, row) =>
      promised(() => void write(run, epoch).evaluations.push(row)),
    finishRun: (run, epoch, end) => promised(() => void (write(run, epoch).end = end)),
    getRound: (run, round) =>
      promised(() => read(run).rounds.find((row) => row.round === round) ?? null),
    getHistory: (run) => promised(() => history(runs.get(run))),
  };
}

function openRun(runs: Map<RunId, RunData>, row: RunRow): { epoch: number; last: RoundRow | null } {
  const data = runs.get(row.id) ?? emptyRun(row);
  if (data.row.configHash !== row.configHash) {
    throw new FedtuneError(
      "config-conflict",
      `Cannot take over run "${row.id}": it was created with another config`,
    );
  }
  runs.set(row.id, data);
  data.epoch += 1;
  return { epoch: data.epoch, last: data.rounds.at(-1) ?? null };
}

function emptyRun(row: RunRow): RunData {
  const { clients, updates } = {
    clients: new Map<ClientId, number>(),
    updates: new Map<string, UpdateRow>(),
  };
  return { row, epoch: 0, end: null, clients, updates, rounds: [], evaluations: [], attempts: [] };
}

function enrol(data: RunData, client: ClientId, roster: readonly string[] | null): number {
  const before = data.clients.get(client);
  if (before !== undefined) return before;
  const index = roster === null ? data.clients.size : roster.indexOf(client);
  if (index === -1) {
    throw new FedtuneError(
      "unknown-client",
      `Cannot enrol client "${client}": it is not among the run's participants`,
    );
  }
  data.clients.set(client, index);
  return index;
}

function commitRound({ rounds }: RunData, row: RoundRow): void {
  const next = (rounds.at(-1)?.round ?? 0) + 1;
  if (row.round !== next) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot commit round ${row.round}: the next one is round ${next}`,
    );
  }
  rounds.push(row);
}

function history(data: RunData | undefined): RunHistory | null {
  if (data === undefined) return null;
  const { row, end, rounds, evaluations, attempts } = data;
  const status = end?.status ?? "running";
  const copies = { rounds: [...rounds], evaluations: [...evaluations], attempts: [...attempts] };
  return { run: row, status, failure: end?.failure ?? null, ...copies };
}

/** Runs now and settles as a promise, as a store over a network would. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** Makes empty blobs in memory. */
export function memoryBlobs(): Blobs {
  const blobs = new Map<Digest, Uint8Array>();
  return {
    put: (bytes, hash) => promised(() => (blobs.set(hash, bytes), { hash, bytes: bytes.length })),
    get: (hash) =>
      promised(() => {
        const bytes = blobs.get(hash);
        if (bytes === undefined) throw new FedtuneError("blob-missing", `Cannot find blob ${hash}`);
        return bytes;
      }),
    has: (hash) => promised(() => blobs.has(hash)),
    delete: (hash) => promised(() => void blobs.delete(hash)),
  };
}
