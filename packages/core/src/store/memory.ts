/** A store and blobs in memory: for simulation, tests, and as the reference that other stores must match. */
import { FedtuneError } from "../errors.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { Blobs } from "../ports.ts";
import type {
  AttemptEnd,
  AttemptRow,
  EnrolledClient,
  EvaluationRow,
  OpenAttempt,
  RefusalRow,
  Resumption,
  RoundRow,
  RunEnd,
  RunHead,
  RunHistory,
  RunRow,
  Store,
  StoredUpdate,
  UpdateRow,
} from "./store.ts";

interface RunData {
  readonly row: RunRow;
  readonly createdAt: string;
  epoch: number;
  paused: boolean;
  end: RunEnd | null;
  readonly clients: Map<ClientId, number>;
  readonly updates: Map<string, UpdateRow>;
  readonly rounds: RoundRow[];
  readonly evaluations: EvaluationRow[];
  readonly attempts: StoredAttempt[];
  readonly refusals: RefusalRow[];
}

interface StoredAttempt {
  readonly row: AttemptRow;
  end: AttemptEnd | null;
}

/** Makes an empty store; its rows live as long as it does. `now` gives milliseconds since 1970, for dates in lists. */
export function memoryStore(now: () => number = () => 0): Store {
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
  const writing = <T>(run: RunId, epoch: number, work: (data: RunData) => T): Promise<T> =>
    promised(() => work(write(run, epoch)));
  return {
    openRun: (row) => promised(() => openRun(runs, row, new Date(now()).toISOString())),
    enrol: (run, client, roster) => promised(() => enrol(read(run), client, roster)),
    getClients: (run) => promised(() => clientsOf(read(run))),
    openAttempt: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        openAttempt(data, row);
      }),
    putUpdate: (run, epoch, update) => writing(run, epoch, (data) => putUpdate(data, update)),
    putRefusal: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        putRefusal(data, row);
      }),
    endAttempt: (run, epoch, end) =>
      writing(run, epoch, (data) => {
        endAttempt(data, end);
      }),
    getUpdate: (run, round, index) =>
      promised(() => read(run).updates.get(slot(round, index)) ?? null),
    getUpdates: (run, round, indices) =>
      promised(() => {
        const { updates } = read(run);
        return indices.flatMap((index) => updates.get(slot(round, index)) ?? []);
      }),
    commitRound: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        commitRound(data, row);
      }),
    putEvaluation: (run, epoch, row) =>
      writing(run, epoch, ({ evaluations }) => {
        if (!evaluations.some(({ round }) => round === row.round)) evaluations.push(row);
      }),
    setPaused: (run, epoch, paused) => writing(run, epoch, (data) => void (data.paused = paused)),
    finishRun: (run, epoch, end) => writing(run, epoch, (data) => void (data.end = end)),
    getRound: (run, round) =>
      promised(() => read(run).rounds.find((row) => row.round === round) ?? null),
    getHistory: (run) => promised(() => history(runs.get(run))),
    getRuns: () => promised(() => [...runs.values()].map(headOf)),
    deleteRun: (run) => promised(() => void runs.delete(run)),
  };
}

function slot(round: number, index: number): string {
  return `${round}/${index}`;
}

function openRun(runs: Map<RunId, RunData>, row: RunRow, createdAt: string): Resumption {
  const data = runs.get(row.id) ?? emptyRun(row, createdAt);
  if (data.row.configHash !== row.configHash) {
    throw new FedtuneError(
      "config-conflict",
      `Cannot take over run "${row.id}": it was created with another config`,
    );
  }
  runs.set(row.id, data);
  data.epoch += 1;
  const { epoch, rounds, evaluations, paused, end } = data;
  const attempt = latestAttempt(data);
  return {
    ...{ epoch, paused, end, last: rounds.at(-1) ?? null, evaluations: [...evaluations] },
    attempt: attempt === null ? null : describeAttempt(data, attempt),
  };
}

function emptyRun(row: RunRow, createdAt: string): RunData {
  return {
    ...{ row, createdAt, epoch: 0, paused: false, end: null },
    ...{ clients: new Map(), updates: new Map() },
    ...{ rounds: [], evaluations: [], attempts: [], refusals: [] },
  };
}

/** The latest attempt at the round that is not committed. */
function latestAttempt({ attempts, rounds }: RunData): StoredAttempt | null {
  const last = attempts.at(-1);
  return last?.row.round === rounds.length + 1 ? last : null;
}

function describeAttempt(data: RunData, { row, end }: StoredAttempt): OpenAttempt {
  const { round, attempt } = row;
  return {
    ...row,
    updates: [...data.updates.values()]
      .filter((update) => update.round === round)
      .sort((a, b) => a.index - b.index),
    refusals: data.refusals.filter((one) => one.round === round && one.attempt === attempt),
    status: end?.status ?? "open",
    accepted: end?.status === "closed" ? end.accepted : null,
  };
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

function clientsOf({ clients }: RunData): EnrolledClient[] {
  return [...clients]
    .map(([client, index]) => ({ client, index }))
    .sort((a, b) => a.index - b.index);
}

function openAttempt(data: RunData, row: AttemptRow): void {
  const latest = latestAttempt(data);
  const { round, attempt } = row;
  if (latest?.row.attempt === attempt && latest.row.round === round) return;
  const next = { round: data.rounds.length + 1, attempt: (latest?.row.attempt ?? 0) + 1 };
  if (round !== next.round || attempt !== next.attempt) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot open attempt ${attempt} at round ${round}: the next one is attempt ${next.attempt} at round ${next.round}`,
    );
  }
  data.attempts.push({ row, end: null });
}

function putUpdate(data: RunData, update: UpdateRow): StoredUpdate {
  const key = slot(update.round, update.index);
  const before = data.updates.get(key);
  if (before !== undefined) return before.blob.hash === update.blob.hash ? "same" : "conflict";
  const latest = latestAttempt(data);
  const isOpen =
    latest?.end === null &&
    latest.row.round === update.round &&
    latest.row.attempt === update.attempt;
  if (!isOpen) return "closed";
  data.updates.set(key, update);
  return "stored";
}

function endAttempt(data: RunData, end: AttemptEnd): void {
  const latest = latestAttempt(data);
  const { round, attempt, accepted } = end;
  if (latest?.row.round !== round || latest.row.attempt !== attempt) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot end attempt ${attempt} at round ${round}: it is not the latest`,
    );
  }
  if (latest.end !== null && latest.end.status === "abandoned") {
    if (end.status === "abandoned") return;
    throw new FedtuneError("wrong-round", `Cannot close round ${round}: its attempt is abandoned`);
  }
  // A closed attempt can still be given up: its updates turned out not to be usable together.
  latest.end = end;
  for (const index of latest.row.cohort) {
    if (!accepted.includes(index)) data.updates.delete(slot(round, index));
  }
}

/** One row for the same thing refused for the same reason, however often. */
function putRefusal({ refusals }: RunData, row: RefusalRow): void {
  const key = keyOf(row);
  if (!refusals.some((one) => keyOf(one) === key)) refusals.push(row);
}

function keyOf({ round, attempt, index, code, hash }: RefusalRow): string {
  return `${slot(round, index)}/${attempt}/${code}/${hash ?? ""}`;
}

function commitRound({ rounds }: RunData, row: RoundRow): void {
  const last = rounds.at(-1);
  if (last?.round === row.round && JSON.stringify(last) === JSON.stringify(row)) return;
  const next = rounds.length + 1;
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
  const { row, end, rounds, evaluations, attempts, refusals } = data;
  return {
    ...{ run: row, status: end?.status ?? "running", failure: end?.failure ?? null },
    ...{ rounds: [...rounds], evaluations: [...evaluations], refusals: [...refusals] },
    attempts: attempts.map((attempt) => attempt.row),
  };
}

function headOf({ row, createdAt, end, paused, rounds }: RunData): RunHead {
  const { id, configHash } = row;
  const status = end?.status ?? "running";
  return { id, configHash, status, paused, rounds: rounds.length, createdAt };
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
