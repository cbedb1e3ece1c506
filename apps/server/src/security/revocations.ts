/** Tells whoever holds something open that what admitted it has ended. */
import { idPattern, parseInput } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import { z } from "zod";

/** What admits no longer. */
export type Revocation =
  | { readonly kind: "client"; readonly run: RunId; readonly client: ClientId }
  | { readonly kind: "operator"; readonly name: string }
  | { readonly kind: "token"; readonly id: string }
  /** Named by the hash of its secret. */
  | { readonly kind: "session"; readonly id: string };

/** Where it was said. */
export type Place = "here" | "elsewhere";

/** Listeners of this process. */
export interface Revocations {
  /** Calls `listener` at every revocation, before the revoking call resolves; the result ends that. */
  listen(listener: (revocation: Revocation, place: Place) => void): () => void;
  /** Tells the listeners; `elsewhere`: another process has revoked it. */
  tell(revocation: Revocation, place?: Place): void;
}

/** Makes an empty list of listeners. */
export function revocations(): Revocations {
  const listeners = new Set<(revocation: Revocation, place: Place) => void>();
  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(revocation, place = "here") {
      for (const listener of listeners) listener(revocation, place);
    },
  };
}

const name = z.string().min(1);
const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("client"),
    run: name.regex(idPattern).transform((text) => text as RunId),
    client: name.regex(idPattern).transform((text) => text as ClientId),
  }),
  z.strictObject({ kind: z.literal("operator"), name }),
  z.strictObject({ kind: z.literal("token"), id: name }),
  z.strictObject({ kind: z.literal("session"), id: name }),
]);

/** The part of a cluster's bus that is used. */
export interface RevocationBus {
  publish(to: null, topic: string, message: unknown): void;
  subscribe(
    topic: string,
    listener: { readonly heard: (from: string, message: unknown) => void },
  ): void;
}

/**
 * Tells all processes of a cluster what any of them revokes, so that each cuts what it holds open. What a bus loses
 * costs no more than that: every request, and every handshake, asks the database.
 */
export function shareRevocations(told: Revocations, bus: RevocationBus): void {
  const topic = "revocation";
  told.listen((revocation, place) => {
    if (place === "here") bus.publish(null, topic, revocation);
  });
  bus.subscribe(topic, {
    heard: (_from, message) => {
      told.tell(
        parseInput(schema, message, { what: "a revocation", code: "message-invalid" }),
        "elsewhere",
      );
    },
  });
}
