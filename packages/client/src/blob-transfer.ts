/** Blobs over HTTP: bounded reads, checked hashes, typed errors, a few attempts with growing pauses. */
import { errorCodes, FedtuneError, fromUtf8, isFedtuneError } from "@fedtune/core";
import type { BlobRef, Clock, Digest, ErrorCode, Hash, RunId, UploadSlot } from "@fedtune/core";
import { z } from "zod";
import { retried, withDeadline } from "./retry.ts";

/** The part of the platform's `fetch` that is used; Node's and the browser's both fit. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** What is asked. */
export interface FetchRequest {
  readonly method: "GET" | "PUT";
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly redirect: "error";
  readonly signal: AbortSignal;
}

/** What comes back. */
export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** What transfers need of the world, and how patient they are. */
export interface TransferOptions {
  /** Origin of the coordinator, without a trailing slash. */
  readonly origin: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly transferTimeoutMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
  /**
   * What authorises a request at this moment.
   *
   * @throws FedtuneError `transport-closed` while there is no connection
   */
  readonly access: () => { readonly key: string; readonly run: RunId | null };
  /** Headers that show who asks; made anew for every attempt. */
  readonly sign?: (request: {
    readonly method: "GET" | "PUT";
    readonly path: string;
    readonly bodyHash?: Digest;
  }) => Promise<Record<string, string>>;
  /** Whether another attempt, signed anew, may be taken although this error is final in itself. */
  readonly mayRetry?: (error: unknown) => boolean;
}

/** The data plane of a client. */
export interface BlobTransfer {
  download(ref: BlobRef, signal: AbortSignal): Promise<Uint8Array>;
  upload(slot: UploadSlot, blob: UploadBlob, signal: AbortSignal): Promise<void>;
}

interface UploadBlob {
  readonly bytes: Uint8Array;
  readonly hash: Digest;
}

/** The longest error body that is read. */
const MAX_ERROR_BYTES = 65_536;

/** Makes the data plane over HTTP. */
export function blobTransfer(options: TransferOptions): BlobTransfer {
  const { clock, attempts, backoffMs, transferTimeoutMs: ms } = options;
  const policy = {
    ...{ clock, attempts, backoffMs },
    mayRetry: (error: unknown) => mayRetry(error) || options.mayRetry?.(error) === true,
  };
  return {
    download: (ref, signal) =>
      retried(policy, signal, () =>
        withDeadline({ clock, ms, what: `blob ${ref.hash}` }, signal, (bounded) =>
          fetchBlob(options, ref, bounded),
        ),
      ),
    upload: (slot, blob, signal) =>
      retried(policy, signal, () =>
        withDeadline({ clock, ms, what: `the upload of round ${slot.round}` }, signal, (bounded) =>
          sendBlob(options, { slot, blob }, bounded),
        ),
      ),
  };
}

/** `unknown-client` too: after a reconnection the hello that enrols the new connection may still be on its way. */
function mayRetry(error: unknown): boolean {
  return isFedtuneError(error) && (error.retryable || error.code === "unknown-client");
}

async function fetchBlob(
  options: TransferOptions,
  ref: BlobRef,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { key, run } = options.access();
  if (run === null)
    throw new FedtuneError("transport-closed", "Cannot fetch a blob before the welcome");
  const path = `/runs/${run}/blobs/${ref.hash}`;
  const signature = await options.sign?.({ method: "GET", path });
  const response = await ask(options, path, {
    method: "GET",
    headers: { ...signature, authorization: `Bearer ${key}` },
    redirect: "error",
    signal,
  });
  const bytes = await read(response, ref.bytes);
  if (bytes?.length === ref.bytes && options.hash.sha256(bytes) === ref.hash) return bytes;
  const got = bytes === null ? `more than ${ref.bytes}` : String(bytes.length);
  const message = `Cannot use blob ${ref.hash}: ${got} bytes came, expected ${ref.bytes} with this hash`;
  throw new FedtuneError("blob-corrupt", message);
}

async function sendBlob(
  options: TransferOptions,
  { slot, blob }: { readonly slot: UploadSlot; readonly blob: UploadBlob },
  signal: AbortSignal,
): Promise<void> {
  const { key } = options.access();
  const path = `/runs/${slot.run}/rounds/${String(slot.round)}/updates/${slot.client}`;
  const signature = await options.sign?.({ method: "PUT", path, bodyHash: blob.hash });
  const response = await ask(options, path, {
    method: "PUT",
    headers: {
      ...signature,
      authorization: `Bearer ${key}`,
      "content-type": "application/octet-stream",
      "x-fedtune-hash": blob.hash,
    },
    body: blob.bytes as Uint8Array<ArrayBuffer>,
    redirect: "error",
    signal,
  });
  await response.body?.getReader().cancel();
}

async function ask(
  options: TransferOptions,
  path: string,
  request: FetchRequest,
): Promise<FetchResponse> {
  const response = await options.fetch(options.origin + path, request).catch((cause: unknown) => {
    const message = `Cannot reach ${options.origin}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new FedtuneError("transport-closed", message, { cause });
  });
  if (response.ok) return response;
  throw await errorOf(response);
}

const errorBody = z.object({
  code: z.enum(errorCodes),
  message: z.string().max(10_000),
  data: z.record(z.string(), z.unknown()).default({}),
});

/** The coordinator's error as it was thrown there; a proxy's by its status. */
async function errorOf(response: FetchResponse): Promise<FedtuneError> {
  const bytes = await read(response, MAX_ERROR_BYTES).catch(() => null);
  const parsed = errorBody.safeParse(jsonOf(bytes));
  if (parsed.success) {
    const { code, message, data } = parsed.data;
    return new FedtuneError(code, message, { data });
  }
  const { status } = response;
  return new FedtuneError(
    codeOf(status),
    `The coordinator's address answered with status ${status}`,
  );
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return "unknown-client";
  if (status === 404) return "blob-missing";
  if (status === 413) return "update-too-large";
  if (status === 429) return "rate-limited";
  return status >= 500 ? "transport-closed" : "internal";
}

function jsonOf(bytes: Uint8Array | null): unknown {
  try {
    return bytes === null ? null : (JSON.parse(fromUtf8(bytes)) as unknown);
  } catch {
    return null;
  }
}

/** The body, or null when it is longer than `most` bytes; no more than that is ever held. */
async function read(response: FetchResponse, most: number): Promise<Uint8Array | null> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    if (part.value === undefined) continue;
    length += part.value.length;
    if (length > most) {
      await reader?.cancel();
      return null;
    }
    chunks.push(part.value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
