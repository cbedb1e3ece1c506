/** Where a run's heavy work is done: checking updates, and combining closed rounds. */
import type { Digest } from "../ids.ts";
import type { BlobRef, Blobs, Clock, Hash, UpdatePrivacy } from "../ports.ts";
import type { ExpectedUpdate } from "../update.ts";
import { checkUpdate } from "../update.ts";
import { combine } from "./combine.ts";
import type { Combined, RoundToCombine } from "./combine.ts";
import type { RunSetup } from "./setup.ts";

/** An update that was found right. */
export interface CheckedBlob {
  /** Euclidean norm of the change. */
  readonly norm: number;
  /** Of the blob. */
  readonly bytes: number;
}

/** A round to be combined, wherever that is done. */
export interface CombineJob extends RoundToCombine {
  /** The blob of `state`; null before the first round. */
  readonly stateBlob: BlobRef | null;
}

/** What a round comes to; `state` is null where another process or thread has it: then its bytes are decoded. */
export interface OffloadedRound {
  readonly combined: Combined;
  readonly state: { readonly value: unknown } | null;
}

/** Does the heavy work of one run. All implementations give the same bits. */
export interface Offload {
  /**
   * Reads an uploaded blob and holds it against the plan and the firewall.
   *
   * @throws FedtuneError as `checkUpdate`, and `blob-missing`
   */
  check(hash: Digest, expected: ExpectedUpdate): Promise<CheckedBlob>;
  /**
   * Combines a closed round; stores nothing. Noise is drawn in here, once per call, and is gone with a call that fails.
   *
   * @throws FedtuneError as methods and combiners do
   */
  combine(job: CombineJob): Promise<OffloadedRound>;
}

/** What work in this very thread needs. */
export interface LocalWork {
  readonly setup: RunSetup;
  readonly blobs: Pick<Blobs, "get">;
  readonly hash: Hash;
  readonly clock: Pick<Clock, "after">;
  /** Null where the updates themselves may be read. */
  readonly privacy: UpdatePrivacy | null;
}

/** Does the work where the coordinator runs. */
export function localOffload({ setup, blobs, hash, clock, privacy }: LocalWork): Offload {
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      clock.after(0, resolve);
    });
  return {
    check: (update, expected) => checkBlob(blobs, update, expected),
    async combine(job) {
      const { combined, state } = await combine({ setup, blobs, hash, pause, privacy }, job);
      return { combined, state: { value: state } };
    },
  };
}

/** Reads a blob and holds it against what is expected. @throws FedtuneError as {@link Offload.check} */
export async function checkBlob(
  blobs: Pick<Blobs, "get">,
  hash: Digest,
  expected: ExpectedUpdate,
): Promise<CheckedBlob> {
  const bytes = await blobs.get(hash);
  const { norm } = checkUpdate(bytes, expected);
  return { norm, bytes: bytes.length };
}
