import { FedtuneError } from "@fedtune/core";

/** The error of a disk that does not do what it should. */
export function storageError(action: string, file: string, error: unknown): FedtuneError {
  const code = systemCode(error);
  const reason =
    code === "ENOSPC" ? "the disk is full" : error instanceof Error ? error.message : String(error);
  return new FedtuneError("storage-failed", `Cannot ${action} ${file}: ${reason}`, {
    data: { file, reason: code },
    cause: error,
  });
}

/** The operating system's name of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}
