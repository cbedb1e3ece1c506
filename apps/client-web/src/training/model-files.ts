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
  let ready = 0;
  const body = await request(file, await source.headers(file));
  try {
    const hash = runningHash();
    for await (const bytes of piecesOf(body, file)) {
      if (ready + bytes.length > file.bytes) throw corrupt(file, "more bytes", file.bytes);
      hash.add(bytes);
      incoming.write(bytes);
      ready += bytes.length;
      source.onBytes(bytes.length, bytes.length);
    }
    if (ready < file.bytes) throw corrupt(file, `${ready} bytes`, file.bytes);
    const found = hash.digest();
    if (found !== file.hash) throw corrupt(file, `SHA-256 ${found}`, file.hash);
    return await incoming.keep(file.hash);
  } catch (error) {
    source.onBytes(-ready, 0);
    throw error;
  }
}

type Body = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function* piecesOf(body: Body, file: ModelFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for (;;) {
      const { done, value } = await body.read().catch((error: unknown) => {
        throw missing(file, error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await body.cancel().catch(() => undefined);
  }
}

async function request(file: ModelFile, headers: Readonly<Record<string, string>>): Promise<Body> {
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

function corrupt(file: ModelFile, found: string, wanted: number | Digest): FedtuneError {
  const message = `Cannot use ${file.name} of the model: it has ${found}, wanted ${wanted}`;
  return new FedtuneError("blob-corrupt", message, { data: { file: file.name, url: file.url } });
}
