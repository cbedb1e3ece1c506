/** What the process that has a connection and the process that owns its run say to each other. */
import { digestPattern, idPattern } from "@fedtune/core";
import type { ClientId, Digest, RunId } from "@fedtune/core";
import { z } from "zod";

const run = z
  .string()
  .regex(idPattern)
  .transform((text) => text as RunId);
const client = z
  .string()
  .regex(idPattern)
  .transform((text) => text as ClientId);
const hash = z
  .string()
  .regex(digestPattern)
  .transform((text) => text as Digest);
/** A connection as its own process names it. */
const connection = z.string().max(100);
const slot = z.object({ run, round: z.number().int(), client });

/** What is told: no answer. */
export const told = z.discriminatedUnion("type", [
  /** To the owner: a client's message, and the end of its connection. */
  z.object({ type: z.literal("message"), run, connection, text: z.string() }),
  z.object({ type: z.literal("closed"), run, connection }),
  /** From the owner: to a client, and its dismissal. */
  z.object({ type: z.literal("send"), run, connection, text: z.string() }),
  z.object({ type: z.literal("disconnect"), run, connection }),
  /** From the owner: it has taken the run, it has let it go. */
  z.object({ type: z.literal("owned"), run, maxUploadBytes: z.number() }),
  z.object({ type: z.literal("left"), run }),
]);

/** What is asked of the owner. */
export const asked = z.discriminatedUnion("type", [
  /** Longest upload of the run; refused by a process that does not own it. */
  z.object({ type: z.literal("describe"), run }),
  /** May this connection upload for that slot? Asked before the bytes go to the blob store. */
  z.object({ type: z.literal("uploading"), run, connection, slot }),
  /** The bytes are in the blob store. */
  z.object({ type: z.literal("upload"), run, connection, slot, hash }),
  /** May this connection have that blob? It is then read from the blob store. */
  z.object({ type: z.literal("download"), run, connection, hash }),
]);

/** What `describe` gives. */
export const description = z.object({ maxUploadBytes: z.number() });

/** One of {@link told}. */
export type Told = z.input<typeof told>;
/** One of {@link asked}. */
export type Asked = z.input<typeof asked>;
