/** A data file as it is read here: its name, its size, and its bytes as often as they are wanted. */
import { FedtuneError } from "@fedtune/core";

/** What reading needs of a `File` or `Blob`. */
export interface DataSource {
  readonly name: string;
  readonly bytes: number;
  stream(): AsyncIterable<Uint8Array>;
}

/** The part of a `Blob` that is used. */
interface Readable {
  readonly size: number;
  stream(): {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  };
}

/** A file of the browser. @throws FedtuneError `file-unreadable` from its stream */
export function sourceOf(file: Readable, name: string): DataSource {
  return { name, bytes: file.size, stream: () => chunks(file, name) };
}

/** Not all browsers let one iterate over a stream. */
async function* chunks(file: Readable, name: string): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw unreadable(name, cause);
      });
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A file that was changed or moved since it was chosen, or is a folder, ends here. */
function unreadable(name: string, cause: unknown): FedtuneError {
  const reason = cause instanceof Error ? cause.name : "unknown";
  const message = `Cannot read ${name}: the browser says ${reason}; choose the file again`;
  return new FedtuneError("file-unreadable", message, { data: { path: name, reason }, cause });
}
