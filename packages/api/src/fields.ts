/** Fields that several schemas of the API share. */
import { digestPattern, errorCodes, idPattern } from "@fedtune/core";
import type { ClientId, Digest, RunId } from "@fedtune/core";
import { z } from "zod";
import { scopes } from "./scopes.ts";

/** A name of a run, in the type of core. */
export const runName = z
  .string()
  .regex(idPattern, "a run name: letters, digits, - and _, at most 64")
  .describe("name of the run") as z.ZodType<unknown, string> as z.ZodType<RunId, string>;

/** A name of a client, in the type of core. */
export const clientName = z
  .string()
  .regex(idPattern, "a client name: letters, digits, - and _, at most 64")
  .describe("name of the client") as z.ZodType<unknown, string> as z.ZodType<ClientId, string>;

/** A SHA-256 in hexadecimal, in the type of core. */
export const digestText = z
  .string()
  .regex(digestPattern, "64 hexadecimal digits")
  .describe("SHA-256 in lower-case hexadecimal") as z.ZodType<unknown, string> as z.ZodType<
  Digest,
  string
>;

/** A whole number that counts something. */
export const count = z.int().min(0);

/** Index of a participant, in the order of enrolment. */
export const participantIndex = count.describe("index of the participant");

/** Bytes that travelled, or lie somewhere. */
export const byteCount = count.describe("bytes");

/** Milliseconds since the opening of an attempt, on the coordinator's clock; null: it did not happen. */
export const sinceOpening = z
  .int()
  .min(0)
  .nullable()
  .describe("milliseconds since the attempt opened; null: it did not happen");

/** A date in ISO 8601, UTC. */
export const date = z.iso.datetime().describe("ISO 8601 in UTC");

/** A code of the closed table. */
export const errorCode = z.enum(errorCodes);

/** Named figures; null: not a finite number. */
export const metrics = z.record(z.string(), z.number().nullable());

/** Why something failed. */
export const failure = z.object({ code: errorCode, message: z.string() });

/** Scopes of a credential. */
export const scopeList = z.array(z.enum(scopes)).min(1).max(scopes.length);

/** An id that the server gave. */
export const id = z.uuid();

/** A name with which an operator signs in. */
export const operatorName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, "lower-case letters, digits, - and _, at most 64")
  .describe("name of the operator");

/** What people call a token. */
export const label = z
  .string()
  .regex(/^\P{C}{1,80}$/u, "1 to 80 characters")
  .describe("a name for people");

/** Which part of a list is asked for: lists only grow at their end, so a place in them keeps its meaning. */
export const page = z.strictObject({
  from: z.int().min(0).max(1_000_000_000).default(0).describe("place of the first item, from 0"),
  limit: z.int().min(1).max(1000).default(100).describe("most items of the answer"),
});

/** A part of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    total: count.describe("items of the whole list"),
    next: count.nullable().describe("`from` of the next part; null: this is the last one"),
  });
}
