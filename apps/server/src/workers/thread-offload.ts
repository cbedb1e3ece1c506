/** The Offload port over a pool of threads: the server's loop stays free while updates are checked and rounds combined. */
import { checkBlob, plainSetup } from "@fedtune/core";
import type { Blobs, CombineJob, Offload, PlainSetup, RunSetup } from "@fedtune/core";
import type { RecentBytes } from "../recent-bytes.ts";
import { compact } from "./messages.ts";
import type { BlobSource, PlainJob } from "./messages.ts";
import type { ThreadPool } from "./thread-pool.ts";

/** What the threads work on for one run. */
export interface ThreadWork {
  readonly pool: ThreadPool;
  readonly setup: RunSetup;
  readonly blobs: Pick<Blobs, "get">;
  /** The folder that `blobs` keeps its files in, which threads then read by themselves; null: they ask for each blob. */
  readonly folder: { readonly directory: string; readonly verify: boolean } | null;
  /** Where uploads are for a moment after they came; absent: nowhere. */
  readonly recent?: RecentBytes;
}

/** Values of an update that is checked where it is: that takes a fifth of a millisecond at most, handing it to a thread as much. */
const CHECKED_HERE = 2 ** 18;

/**
 * Does one run's heavy work in threads, to the same bits as `localOffload`.
 *
 * The run's method, combiner and adapter kind must be fedtune's own: threads take them from their registries by name.
 * User-level noise is drawn in the thread from the operating system, once per call.
 */
export function threadOffload({ pool, setup, blobs, folder, recent }: ThreadWork): Offload {
  const source: BlobSource = folder === null ? { kind: "asked" } : { kind: "folder", ...folder };
  let plain: PlainSetup | null = null;
  return {
    check(hash, expected) {
      const bytes = expected.length <= CHECKED_HERE ? (recent?.find(hash) ?? null) : null;
      if (bytes === null)
        return pool.run({ type: "check", source, task: { hash, expected } }, blobs);
      // Who combines it reads the file.
      if (folder !== null) recent?.drop(hash);
      return checkBlob({ get: () => Promise.resolve(bytes) }, hash, expected);
    },
    async combine(job) {
      plain ??= plainSetup(setup, inSharedMemory);
      const task = { setup: plain, job: plainJob(setup, job) };
      return { combined: await pool.run({ type: "combine", source, task }, blobs), state: null };
    },
  };
}

function plainJob({ resolved: { method } }: RunSetup, job: CombineJob): PlainJob {
  const { facts, updates, privacy, state, stateBlob } = job;
  const before =
    stateBlob === null ? { bytes: compact(method.encode(state)) } : { hash: stateBlob.hash };
  return { facts, updates, privacy, state: before };
}

/** Every thread reads the same first adapters: they are not copied for each round. */
function inSharedMemory(values: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}
