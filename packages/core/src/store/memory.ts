/** A store and blobs in memory: for simulation, tests, and as the reference that other stores must match. */
import { FedtuneError } from "../errors.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import type { Blobs } from "../ports.ts";
import { dateOf, describeAttempt, emptyRun, latestAttempt, promised } from "./memory-data.ts";
import type { RunData } from "./memory-data.ts";
import { readsOf } from "./memory-reads.ts";
import { writesOf } from "./memory-writes.ts";
import type { Enrolment, Resumption, RunRow, Store } from "./store.ts";

/** Makes an empty store; its rows live as long as it does. `now` gives milliseconds since 1970, for dates in lists. */
export function memoryStore(now: () => number = () => 0): Store {
  const runs = new Map<RunId, RunData>();
  const read = (run: RunId): RunData => {
    const data = runs.get(run);
    if (data === undefined) throw new FedtuneError("run-unknown", `Cannot find run "${run}"`);
    return data;
  };
  return {
    ...readsOf(runs, read),
    ...writesOf(read, now),
    openRun: (row) => promised(() => openRun(runs, row, now())),
    enrol: (run, client, how) => promised(() => enrol(read(run), { client, how, at: now() })),
    deleteRun: (run) => promised(() => void runs.delete(run)),
  };
}

function openRun(runs: Map<RunId, RunData>, row: RunRow, now: number): Resumption {
  const data = runs.get(row.id) ?? emptyRun(row, dateOf(now));
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
    attempt: attempt === null ? null : describeAttempt(data, attempt, now),
  };
}

interface Enrolling {
  readonly client: ClientId;
  readonly how: Enrolment;
  readonly at: number;
}

function enrol(data: RunData, { client, how, at }: Enrolling): number {
  const { roster, software = null, device = null } = how;
  const before = data.clients.get(client);
  const said = { software, device, lastSeen: dateOf(at) };
  if (before !== undefined) {
    data.clients.set(client, { ...before, ...said });
    return before.index;
  }
  const index = roster === null ? data.clients.size : roster.indexOf(client);
  if (index === -1) {
    throw new FedtuneError(
      "unknown-client",
      `Cannot enrol client "${client}": it is not among the run's participants`,
    );
  }
  data.clients.set(client, {
    ...{ client, index, joinedAt: dateOf(at), ...said },
    ...{ ordered: 0, accepted: 0, refused: 0, late: 0, declined: 0, lastRound: null },
    ...{ examples: null, examplesSum: 0, trainingSeconds: 0, timed: 0, bytesUp: 0, bytesDown: 0 },
  });
  return index;
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
