/** Tells whoever holds something open that what admitted it has ended. */
import type { ClientId, RunId } from "@fedtune/core";

/** What admits no longer. */
export type Revocation =
  | { readonly kind: "client"; readonly run: RunId; readonly client: ClientId }
  | { readonly kind: "operator"; readonly name: string }
  | { readonly kind: "token"; readonly id: string };

/** Listeners of this process; a cluster passes revocations on by its own means. */
export interface Revocations {
  /** Calls `listener` at every revocation, before the revoking call resolves; the result ends that. */
  listen(listener: (revocation: Revocation) => void): () => void;
  tell(revocation: Revocation): void;
}

/** Makes an empty list of listeners. */
export function revocations(): Revocations {
  const listeners = new Set<(revocation: Revocation) => void>();
  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(revocation) {
      for (const listener of listeners) listener(revocation);
    },
  };
}
