/** Blobs as the training layer's files. */
import { FedtuneError } from "@fedtune/core";
import type { FileSource } from "@fedtune/training";

/** What is read. */
export interface BlobFiles {
  readonly get: (path: string) => Blob | undefined;
  /** The largest file that may be streamed: its rows stay in memory. */
  readonly limitBytes: number;
}

/** Reads blobs by path; a `Blob` that the user chose is read from their disk, piece by piece. */
export function blobFiles({ get, limitBytes }: BlobFiles): FileSource {
  const named = (path: string): Blob => {
    const blob = get(path);
    if (blob !== undefined) return blob;
    throw new FedtuneError("file-missing", `Cannot read ${path}: this tab was not given it`, {
      data: { path },
    });
  };
  return {
    async read(path) {
      const blob = named(path);
      return new Uint8Array(await blob.arrayBuffer().catch(unreadable(path)));
    },
    exists: (path) => Promise.resolve(get(path) !== undefined),
    async *stream(path) {
      const blob = named(path);
      if (blob.size > limitBytes) throw tooLarge(path, blob.size, limitBytes);
      const reader = blob.stream().getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read().catch(unreadable(path));
          if (done) return;
          yield value;
        }
      } finally {
        await reader.cancel().catch(() => undefined);
      }
    },
  };
}

/** Rejects for a file that was changed or removed since it was chosen. */
export function unreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FedtuneError("file-unreadable", `Cannot read ${path}: ${reason}`, {
      data: { path },
      cause,
    });
  };
}

/** A file that is more than this device's memory takes. */
export function tooLarge(path: string, bytes: number, limit: number): FedtuneError {
  const message = `Cannot use ${path}: it has ${bytes} bytes, this device can take ${limit}`;
  return new FedtuneError("data-invalid", message, {
    data: { reason: "too-large", path, bytes, limit },
  });
}
