/** Blobs in a bucket of an S3-compatible service: objects named by their hash, `PREFIX/ab/abcd…`. */
import { digest, digestPattern, FedtuneError, isFedtuneError } from "@fedtune/core";
import type { BlobRef, Blobs, Clock, Digest, Entropy, Hash } from "@fedtune/core";
import type { BlobLister, ListedBlob } from "@fedtune/db";
import { S3mini } from "s3mini";
import type { S3Place } from "./blob-place.ts";

/** What the store needs besides its place. */
export interface S3BlobsOptions {
  readonly place: S3Place;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly hash: Hash;
  readonly clock: Clock;
  /** Spreads repeated attempts. */
  readonly entropy: Entropy;
  /** Longest time for one attempt; default 60 s. */
  readonly timeoutMs?: number;
  /** Attempts at what fails on the way or on the service's side; default 3. */
  readonly attempts?: number;
  /** Pause before the second attempt, doubling; default 200 ms. */
  readonly pauseMs?: number;
}

interface State extends Required<S3BlobsOptions> {
  readonly s3: S3mini;
}

/**
 * Opens the store; nothing is asked of the service yet.
 *
 * @throws FedtuneError from every method: `storage-failed` when the service is away or refuses, `blob-missing`,
 * `blob-corrupt` when an object holds other bytes than its name says
 */
export function openS3Blobs(options: S3BlobsOptions): Blobs & BlobLister {
  const { place, accessKeyId, secretAccessKey, timeoutMs = 60_000 } = options;
  const s3 = new S3mini({
    ...{ accessKeyId, secretAccessKey, region: place.region },
    endpoint: `${place.endpoint}/${place.bucket}`,
    requestAbortTimeout: timeoutMs,
  });
  const state: State = { attempts: 3, pauseMs: 200, ...options, timeoutMs, s3 };
  return {
    put: (bytes, hash) => put(state, bytes, hash),
    get: (hash) => get(state, hash),
    has: (hash) => has(state, hash),
    async delete(hash) {
      await attempted(state, `delete blob ${hash}`, () => s3.deleteObject(keyOf(state, hash)));
    },
    list: () => list(state),
  };
}

function keyOf({ place }: State, hash: Digest): string {
  return `${place.prefix}${hash.slice(0, 2)}/${hash}`;
}

async function put(state: State, bytes: Uint8Array, hash: Digest): Promise<BlobRef> {
  if (state.hash.sha256(bytes) !== hash) {
    const message = `Cannot store blob ${hash}: the bytes have another hash`;
    throw new FedtuneError("blob-corrupt", message);
  }
  if (!(await has(state, hash))) {
    // The service compares what arrives with this and refuses anything else.
    const checksum = Buffer.from(hash, "hex").toString("base64");
    const headers = { "x-amz-checksum-sha256": checksum } as const;
    await attempted(state, `store blob ${hash}`, () =>
      state.s3.putObject(keyOf(state, hash), bytes, type, undefined, headers, bytes.length),
    );
  }
  return { hash, bytes: bytes.length };
}

const type = "application/octet-stream";

async function has(state: State, hash: Digest): Promise<boolean> {
  const found = await attempted(state, `find blob ${hash}`, () =>
    state.s3.objectExists(keyOf(state, hash)),
  );
  return found === true;
}

async function get(state: State, hash: Digest): Promise<Uint8Array> {
  const buffer = await attempted(state, `read blob ${hash}`, () =>
    state.s3.getObjectArrayBuffer(keyOf(state, hash)),
  );
  if (buffer === null) throw new FedtuneError("blob-missing", `Cannot find blob ${hash}`);
  const bytes = new Uint8Array(buffer);
  if (state.hash.sha256(bytes) === hash) return bytes;
  throw new FedtuneError("blob-corrupt", `Cannot use blob ${hash}: its object holds other bytes`);
}

/** All blobs under the prefix, page by page; what has another name is somebody else's. */
async function* list(state: State): AsyncGenerator<ListedBlob> {
  const { s3, place } = state;
  let from: string | undefined;
  do {
    const token = from;
    const page = await attempted(state, "list blobs", () =>
      s3.listObjectsPaged("/", place.prefix, PAGE, token),
    );
    for (const { Key, Size, LastModified } of page?.objects ?? []) {
      const name = Key.slice(Key.lastIndexOf("/") + 1);
      if (!digestPattern.test(name)) continue;
      const storedAt = new Date(LastModified).getTime();
      yield { hash: digest(name), bytes: Size, storedAt };
    }
    from = page?.nextContinuationToken;
  } while (from !== undefined);
}

/** Objects that one question lists; the most that S3 gives. */
const PAGE = 1_000;

/** Tries again what may work then: faults on the way and of the service, not its refusals. */
async function attempted<T>(state: State, what: string, work: () => Promise<T>): Promise<T> {
  const { attempts, pauseMs, entropy } = state;
  for (let left = attempts - 1, pause = pauseMs; ; left--, pause *= 2) {
    try {
      return await work();
    } catch (error) {
      if (isFedtuneError(error)) throw error;
      if (left <= 0 || !mayPass(error)) throw failure(what, error);
    }
    const [byte = 0] = entropy.bytes(1);
    await paused(state, pause * (1 + byte / 255));
  }
}

function paused({ clock }: State, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** The status of a refusal; null: the fault was on the way. */
function statusOf(error: unknown): number | null {
  const status: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "status") : null;
  return typeof status === "number" ? status : null;
}

function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  return status === null || status >= 500 || status === 429 || status === 408;
}

function failure(what: string, error: unknown): FedtuneError {
  const status = statusOf(error);
  const reason = status === null ? "it cannot be reached" : `it answered with status ${status}`;
  const message = `Cannot ${what} in the blob service: ${reason}`;
  return new FedtuneError("storage-failed", message, { data: { status }, cause: error });
}
