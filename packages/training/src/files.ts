/** Files as the training layer sees them: callers supply the port, so that the same code reads a disk, a cache or an upload. */
import { FedtuneError } from "@fedtune/core";

/** A file whose parts are there without waiting. */
export interface OpenFile {
  readonly bytes: number;
  /** Bytes `[from, to)`, at an address that floats can have. @throws FedtuneError `file-unreadable` */
  read(from: number, to: number): Uint8Array;
}

/** Reads files by path. */
export interface FileSource {
  /** The whole file. @throws FedtuneError `file-missing`, `file-unreadable` */
  read(path: string): Promise<Uint8Array>;
  exists(path: string): Promise<boolean>;
  /** The file in chunks, for data sets that should not be held in memory twice. @throws FedtuneError `file-missing`, `file-unreadable` */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** For files of which a part at a time is wanted; absent: only whole files can be read. @throws FedtuneError as `read` */
  open?(path: string): Promise<OpenFile>;
}

/** Opens a file where that is possible, else reads it whole. */
export async function openFile(files: FileSource, path: string): Promise<OpenFile> {
  if (files.open !== undefined) return files.open(path);
  const bytes = await files.read(path);
  return { bytes: bytes.length, read: (from, to) => bytes.subarray(from, to) };
}

/** Joins a folder and a file name with a slash; both may be URLs or paths. */
export function joinPath(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

/**
 * Reads a JSON file.
 *
 * @throws FedtuneError `model-invalid` when it is not UTF-8 or not JSON
 */
export async function readJson(files: FileSource, path: string): Promise<unknown> {
  return parseJson(await readText(files, path), path);
}

/** @throws FedtuneError `model-invalid` when the file is not UTF-8 */
export async function readText(files: FileSource, path: string): Promise<string> {
  const bytes = await files.read(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FedtuneError("model-invalid", `Cannot read ${path}: it is not UTF-8 text`, {
      data: { path },
      cause,
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FedtuneError("model-invalid", `Cannot read ${path}: it is not JSON (${reason})`, {
      data: { path },
      cause,
    });
  }
}

/** A file source over bytes in memory, for tests and uploads. */
export function memoryFiles(entries: Readonly<Record<string, Uint8Array>>): FileSource {
  const read = (path: string): Promise<Uint8Array> => {
    const bytes = entries[path];
    if (bytes !== undefined) return Promise.resolve(bytes);
    return Promise.reject(
      new FedtuneError("file-missing", `Cannot read ${path}: no such file`, { data: { path } }),
    );
  };
  return {
    read,
    exists: (path) => Promise.resolve(path in entries),
    async *stream(path) {
      yield await read(path);
    },
  };
}
