/** A base model's files: found on this device, or fetched and checked while they come in. */
import type { Digest } from "@fedtune/core";
import { FedtuneError } from "@fedtune/core";
import { runningHash } from "../participant/platform/hash.ts";
import type { IncomingFile, KeptFiles } from "./kept-files.ts";
import type { ModelFile } from "./types.ts";

/** What fetching needs. */
export interface ModelSource {
  /** Null: nothing is kept on this device. */
  readonly kept: KeptFiles | null;
  /** Headers for a file that is not here. */
  headers(file: ModelFile): Promise<Readonly<Record<string, string>>>;
  /** Bytes that became ready, and how many of them came over the network. */
  onBytes(ready: number, fetched: number): void;
}

/** The files by name. @throws FedtuneError `blob-missing`, `blob-corrupt` */
export async function bringModel(
  files: readonly ModelFile[],
  source: ModelSource,
): Promise<ReadonlyMap<string, Blob>> {
  const found = new Map<string, Blob>();
  for (const file of files) found.set(file.name, await bring(file, source));
  return found;
}

async function bring(file: ModelFile, source: ModelSource): Promise<Blob> {
  const here = await source.kept?.find(file.hash, file.bytes);
  if (here) {
    source.onBytes(file.bytes, 0);
    return here;
  }
  const incoming = await beginKeeping(source.kept);
  try {
    return await fetchInto(file, source, incoming);
  } catch (error) {
    await incoming.discard();
    if (!(error instanceof DOMException)) throw error;
    // The device is full: it is fetched again, into memory.
    return fetchInto(file, source, inMemory());
  }
}

function beginKeeping(kept: KeptFiles | null): Promise<IncomingBlob> {
  if (kept === null) return Promise.resolve(inMemory());
  return kept.begin().catch(inMemory);
}

type IncomingBlob = Omit<IncomingFile, "keep"> & { keep(hash: Digest): Promise<Blob> };

/** Where nothing can be kept. */
function inMemory(): IncomingBlob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  return {
    write: (bytes) => void parts.push(bytes),
    keep: () => Promise.resolve(new Blob(parts)),
    discard: () => Promise.resolve(),
  };
}

async function fetchInto(
  file: ModelFile,
  source: ModelSource,
  incoming: IncomingBlob,
): Promise<Blob> {
  const body = await request(file, await source.headers(file));
  const hash = runningHash();
  let bytes = 0;
  for (;;) {
    const { done, value } = await body.read().catch((error: unknown) => {
      throw missing(file, error);
    });
    if (done) break;
    bytes += value.length;
    if (bytes > file.bytes) break;
    hash.add(value);
    incoming.write(value);
    source.onBytes(value.length, value.length);
  }
  const found = hash.digest();
  if (bytes === file.bytes && found === file.hash) return incoming.keep(file.hash);
  source.onBytes(-Math.min(bytes, file.bytes), 0);
  void body.cancel();
  throw corrupt(file, bytes, found);
}

async function request(
  file: ModelFile,
  headers: Readonly<Record<string, string>>,
): Promise<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>> {
  // It is kept under its hash: a second copy in the browser's own cache would be one too many.
  const response = await fetch(file.url, { headers, cache: "no-store" }).catch((error: unknown) => {
    throw missing(file, error);
  });
  if (!response.ok || response.body === null)
    throw missing(file, new Error(`the server answered ${response.status}`));
  return response.body.getReader();
}

function missing(file: ModelFile, cause: unknown): FedtuneError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FedtuneError("blob-missing", `Cannot fetch ${file.name} of the model: ${reason}`, {
    data: { file: file.name, url: file.url },
    cause,
  });
}

function corrupt(file: ModelFile, bytes: number, hash: Digest): FedtuneError {
  const [is, wanted] =
    bytes === file.bytes
      ? [`SHA-256 ${hash}`, file.hash]
      : [bytes > file.bytes ? "more bytes" : `${bytes} bytes`, `${file.bytes}`];
  const message = `Cannot use ${file.name} of the model: it has ${is}, wanted ${wanted}`;
  return new FedtuneError("blob-corrupt", message, { data: { file: file.name, bytes, hash } });
}
