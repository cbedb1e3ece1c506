/** Files on a disk, for Node. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import type { Stats } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { FedtuneError } from "@fedtune/core";
import type { FileSource, OpenFile } from "../files.ts";

/** Reads paths as Node does: absolute, or relative to the working directory. Gives plain arrays, since Buffer slices without copying. */
export const nodeFiles: FileSource = {
  async read(path) {
    try {
      const { buffer, byteOffset, byteLength } = await readFile(path);
      return new Uint8Array(buffer, byteOffset, byteLength);
    } catch (error) {
      throw fileError(path, error);
    }
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  async *stream(path) {
    try {
      for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
    } catch (error) {
      throw fileError(path, error);
    }
  },
  async open(path): Promise<OpenFile> {
    try {
      const opened = await stat(path);
      return { bytes: opened.size, read: (from, to) => readPart({ path, opened }, from, to) };
    } catch (error) {
      throw fileError(path, error);
    }
  },
};

/** What one call of the operating system reads at most. */
const MOST_AT_ONCE = 2 ** 30;

/** No file stays open in between: a checkpoint may lie around for as long as its process. */
function readPart(
  { path, opened }: { readonly path: string; readonly opened: Stats },
  from: number,
  to: number,
): Uint8Array {
  const file = openSync(path, "r");
  try {
    const { ino, size, mtimeMs } = fstatSync(file);
    if (ino !== opened.ino || size !== opened.size || mtimeMs !== opened.mtimeMs)
      throw new Error("it has changed since it was opened");
    const part = new Uint8Array(Buffer.allocUnsafeSlow(to - from).buffer);
    for (let done = 0; done < part.length;) {
      const length = Math.min(MOST_AT_ONCE, part.length - done);
      const count = readSync(file, part, { offset: done, length, position: from + done });
      if (count === 0) throw new Error("it ends too early");
      done += count;
    }
    return part;
  } catch (error) {
    throw fileError(path, error);
  } finally {
    closeSync(file);
  }
}

/** What went wrong with a path of the disk. */
export function fileError(path: string, cause: unknown): FedtuneError {
  if (cause instanceof FedtuneError) return cause;
  const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const reason = missing ? "no such file" : cause instanceof Error ? cause.message : String(cause);
  return new FedtuneError(
    missing ? "file-missing" : "file-unreadable",
    `Cannot read ${path}: ${reason}`,
    { data: { path }, cause },
  );
}
