/** Store and blobs with a deadline for every call: what hangs counts as failed, so that no run waits on it for ever. */
import { FedtuneError } from "../errors.ts";
import type { Blobs, Clock } from "../ports.ts";
import type { Store } from "../store/store.ts";

/** Longest call of the store. */
const STORE_DEADLINE_MS = 60_000;
/** Longest transfer of one blob. */
const BLOB_DEADLINE_MS = 600_000;

type Call<Arguments extends readonly unknown[], Result> = (...given: Arguments) => Promise<Result>;

/** The same store; a call that takes too long throws `storage-failed`. It may still be carried out, like one before a crash. */
export function boundedStore(store: Store, clock: Clock): Store {
  const within = deadlines(clock, { ms: STORE_DEADLINE_MS, what: "the store" });
  return {
    openRun: within((row) => store.openRun(row)),
    enrol: within((run, client, how) => store.enrol(run, client, how)),
    getClients: within((run) => store.getClients(run)),
    openAttempt: within((run, epoch, attempt) => store.openAttempt(run, epoch, attempt)),
    putUpdate: within((run, epoch, update) => store.putUpdate(run, epoch, update)),
    putRefusal: within((run, epoch, refusal) => store.putRefusal(run, epoch, refusal)),
    endAttempt: within((run, epoch, end) => store.endAttempt(run, epoch, end)),
    getUpdate: within((run, round, index) => store.getUpdate(run, round, index)),
    getUpdates: within((run, round, indices) => store.getUpdates(run, round, indices)),
    commitRound: within((run, epoch, row) => store.commitRound(run, epoch, row)),
    putEvaluation: within((run, epoch, row) => store.putEvaluation(run, epoch, row)),
    setPaused: within((run, epoch, paused) => store.setPaused(run, epoch, paused)),
    finishRun: within((run, epoch, end) => store.finishRun(run, epoch, end)),
    getRound: within((run, round) => store.getRound(run, round)),
    getHistory: within((run) => store.getHistory(run)),
    getRuns: within(() => store.getRuns()),
    getRun: within((run) => store.getRun(run)),
    findRuns: within((filter, place) => store.findRuns(filter, place)),
    getRounds: within((run, place) => store.getRounds(run, place)),
    getEvaluations: within((run, place) => store.getEvaluations(run, place)),
    getAttempts: within((run, place) => store.getAttempts(run, place)),
    getRefusals: within((run, place) => store.getRefusals(run, place)),
    getParticipants: within((run, place) => store.getParticipants(run, place)),
    getSeries: within((run, wanted) => store.getSeries(run, wanted)),
    getRoundDetails: within((run, round) => store.getRoundDetails(run, round)),
    deleteRun: within((run) => store.deleteRun(run)),
  };
}

/** The same blobs, bounded alike. */
export function boundedBlobs(blobs: Blobs, clock: Clock): Blobs {
  const within = deadlines(clock, { ms: BLOB_DEADLINE_MS, what: "the blobs" });
  return {
    put: within((bytes, hash) => blobs.put(bytes, hash)),
    get: within((hash) => blobs.get(hash)),
    has: within((hash) => blobs.has(hash)),
    delete: within((hash) => blobs.delete(hash)),
  };
}

function deadlines(
  clock: Clock,
  { ms, what }: { readonly ms: number; readonly what: string },
): <Arguments extends readonly unknown[], Result>(
  call: Call<Arguments, Result>,
) => Call<Arguments, Result> {
  return (call) =>
    (...given) =>
      new Promise((resolve, reject) => {
        const cancel = clock.after(ms, () => {
          const message = `Cannot wait longer for ${what}: ${ms} ms are over`;
          reject(new FedtuneError("storage-failed", message));
        });
        const result = settled(call, given);
        result.then(cancel, cancel);
        result.then(resolve, reject);
      });
}

/** What a call comes to; what it throws at once is a rejection too. */
async function settled<Arguments extends readonly unknown[], Result>(
  call: Call<Arguments, Result>,
  given: Arguments,
): Promise<Result> {
  return call(...given);
}
