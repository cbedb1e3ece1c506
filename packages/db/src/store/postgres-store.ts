/**
 * The store of a coordinator in Postgres. Reads go through the Prisma client, typed by the schema; writes are SQL, since
 * which row is locked, and when, is what makes them right. Blobs are elsewhere: rows name their hashes.
 */
import type { Store } from "@fedtune/core";
import type { Database } from "../client.ts";
import { batched } from "../batched.ts";
import { retrying } from "../retry.ts";
import type { RetryOptions } from "../retry.ts";
import { endAttempt, openAttempt, putRefusal } from "./attempts.ts";
import { unknownRun } from "./fence.ts";
import { findRuns, getRoundDetails, getRun, getSeries } from "./looks.ts";
import { getAttempts, getEvaluations, getParticipants, getRefusals, getRounds } from "./pages.ts";
import { updateWriter } from "./put-updates.ts";
import {
  checkRun,
  getClients,
  getHistory,
  getResumption,
  getRoundsOf,
  getRuns,
  getUpdates,
} from "./reads.ts";
import type { RoundKey } from "./reads.ts";
import { commitRound, putEvaluation } from "./rounds.ts";
import { slotsOf } from "./slots.ts";
import type { UpdateKey } from "./slots.ts";
import { deleteRun, enrol, finishRun, setPaused, takeRun } from "./runs.ts";

/**
 * Makes the store of a database that is migrated. A database that goes away is waited for, for `retryForMs`: all writes
 * change nothing when they are repeated, so that one whose answer was lost is simply done again.
 *
 * @throws FedtuneError `storage-failed` from every method when the database fails or stays away
 */
export function postgresStore(database: Database, options: RetryOptions = {}): Store {
  const { pool, prisma } = database;
  const again = <T>(work: () => Promise<T>): Promise<T> =>
    retrying(work, { wake: database.wake, ...options });
  // Asked of every upload, nearly always in vain.
  const slotOf = batched((keys: readonly UpdateKey[]) => slotsOf(pool, keys));
  const putUpdate = updateWriter(pool);
  // After a commit all of a cohort are held to the round before.
  const roundOf = batched((keys: readonly RoundKey[]) => getRoundsOf(prisma, keys));
  return {
    openRun: (row) => again(async () => getResumption(prisma, row.id, await takeRun(pool, row))),
    enrol: (run, client, how) => again(() => enrol(pool, { run, client, ...how })),
    getClients: (run) => again(() => getClients(prisma, run)),
    openAttempt: (run, epoch, row) => again(() => openAttempt(pool, { run, epoch }, row)),
    putUpdate: (run, epoch, update) => again(() => putUpdate({ run, epoch }, update)),
    putRefusal: (run, epoch, row) => again(() => putRefusal(pool, { run, epoch }, row)),
    endAttempt: (run, epoch, end) => again(() => endAttempt(pool, { run, epoch }, end)),
    getUpdate: (run, round, index) =>
      again(async () => {
        const { isKnown, isStored } = await slotOf({ run, round, index });
        if (!isKnown) throw unknownRun(run);
        if (!isStored) return null;
        const [update] = await getUpdates(prisma, { run, round, indices: [index] });
        return update ?? null;
      }),
    getUpdates: (run, round, indices) => again(() => getUpdates(prisma, { run, round, indices })),
    commitRound: (run, epoch, row) => again(() => commitRound(pool, { run, epoch }, row)),
    putEvaluation: (run, epoch, row) => again(() => putEvaluation(pool, { run, epoch }, row)),
    setPaused: (run, epoch, paused) => again(() => setPaused(pool, { run, epoch }, paused)),
    finishRun: (run, epoch, end) => again(() => finishRun(pool, { run, epoch }, end)),
    getRound: (run, round) =>
      again(async () => {
        const row = await roundOf({ run, round });
        if (row === null) await checkRun(prisma, run);
        return row;
      }),
    getHistory: (run) => again(() => getHistory(prisma, run)),
    getRuns: () => again(() => getRuns(prisma)),
    getRun: (run) => again(() => getRun(pool, run)),
    findRuns: (filter, place) => again(() => findRuns(pool, filter, place)),
    getRounds: (run, place) => again(() => getRounds(prisma, run, place)),
    getEvaluations: (run, place) => again(() => getEvaluations(prisma, run, place)),
    getAttempts: (run, place) => again(() => getAttempts(prisma, run, place)),
    getRefusals: (run, place) => again(() => getRefusals(prisma, run, place)),
    getParticipants: (run, place) => again(() => getParticipants(prisma, run, place)),
    getSeries: (run, wanted) => again(() => getSeries(database, run, wanted)),
    getRoundDetails: (run, round) => again(() => getRoundDetails(prisma, run, round)),
    deleteRun: (run) => again(() => deleteRun(pool, run)),
  };
}
