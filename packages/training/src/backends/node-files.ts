/** Files on a disk, for Node. */
import { createReadStream } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { FedtuneError } from "@fedtune/core";
import type { FileSource } from "../files.ts";

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
};

function fileError(path: string, cause: unknown): FedtuneError {
  if (cause instanceof FedtuneError) return cause;
  const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const reason = missing ? "no such file" : cause instanceof Error ? cause.message : String(cause);
  return new FedtuneError(
    missing ? "file-missing" : "file-unreadable",
    `Cannot read ${path}: ${reason}`,
    { data: { path }, cause },
  );
}
