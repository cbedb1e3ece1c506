/** A browser's store that does not do what it should, as typed errors. */
import { FedtuneError } from "@fedtune/core";

/** Why a browser keeps nothing. */
export type StorageReason = "full" | "denied" | "blocked" | "unknown";

const reasons: Readonly<Record<string, StorageReason>> = {
  QuotaExceededError: "full",
  SecurityError: "denied",
  // Firefox says this in windows that keep nothing.
  InvalidStateError: "denied",
  NotAllowedError: "denied",
  // The store is of a later version: another tab has the pages of a newer server.
  VersionError: "blocked",
};

const sentences: Readonly<Record<StorageReason, string>> = {
  full: "there is no room left",
  denied: "the browser does not allow it, as in a private window",
  blocked: "another tab of these pages holds it in another version",
  unknown: "the browser gave no reason that is known",
};

/** The error of something that was tried with the store; `data.reason` is a {@link StorageReason}. */
export function storageError(action: string, cause: unknown): FedtuneError {
  if (cause instanceof FedtuneError) return cause;
  const name = cause instanceof Error ? cause.name : "";
  const reason = reasons[name] ?? "unknown";
  const detail = cause instanceof Error && reason === "unknown" ? ` (${cause.message})` : "";
  const message = `Cannot ${action}: ${sentences[reason]}${detail}`;
  return new FedtuneError("storage-failed", message, { data: { action, reason, name }, cause });
}

/** The error of a store that another version of these pages holds open. */
export function storageBlocked(): FedtuneError {
  const message = `Cannot open this browser's store: ${sentences.blocked}`;
  return new FedtuneError("storage-failed", message, { data: { reason: "blocked" } });
}

/** Does something with the store. @throws FedtuneError `storage-failed` */
export async function inStorage<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(action, error);
  }
}
