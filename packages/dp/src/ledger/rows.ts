/** What a ledger is made of: one header line, then rows, each a canonical JSON text that names the hash before it. */
import { digestPattern, idPattern } from "@fedtune/core";
import type { Digest } from "@fedtune/core";
import { z } from "zod";
import { neighbouringRelations, privacyEventSchema, privacyUnits } from "../events.ts";

const digestSchema = z
  .string()
  .regex(digestPattern, "a SHA-256 in lower-case hexadecimal")
  .transform((text) => text as Digest);

/** Whose privacy a ledger counts, and in which terms. Runs that touch the same data share one ledger. */
export const ledgerKeySchema = z.strictObject({
  /** The owner of the signing key, not of a connection. */
  holder: z.string().min(1).max(200),
  /** Fingerprint of the data set. */
  dataset: z.string().min(1).max(200),
  unit: z.enum(privacyUnits),
  relation: z.enum(neighbouringRelations),
  /** Below 1 / (number of units), fixed for the ledger's life. */
  delta: z.number().positive().max(0.5),
});

/** The first line of a ledger. */
export const ledgerHeaderSchema = z.strictObject({
  format: z.literal("fedtune-privacy-ledger"),
  version: z.literal(1),
  key: ledgerKeySchema,
  hash: digestSchema,
});

const slot = {
  run: z.string().regex(idPattern),
  round: z.int().min(0),
  attempt: z.int().min(1),
};

const link = {
  /** Place in the ledger, from 0. */
  sequence: z.int().min(0),
  /** When, ISO 8601 in UTC. */
  time: z.iso.datetime(),
  /** Hash of the row before, or of the header. */
  previous: digestSchema,
  /** SHA-256 of this row's canonical JSON without this field. */
  hash: digestSchema,
};

const events = z.array(privacyEventSchema).min(1).max(10_000).readonly();

/** One row. A state never replaces another one: it is appended, and the last row of a slot holds. */
export const ledgerRowSchema = z.discriminatedUnion("state", [
  /** Work may begin; charged from here on. */
  z.strictObject({ state: z.literal("reserved"), ...slot, events, ...link }),
  /** The first byte of what was computed is about to leave; `updateHash` is the hash of those bytes. */
  z.strictObject({ state: z.literal("spent"), ...slot, updateHash: digestSchema, ...link }),
  /** The task was provably never delivered; `proof` says how one knows. */
  z.strictObject({
    state: z.literal("freed"),
    ...slot,
    proof: z.string().min(1).max(500),
    ...link,
  }),
  /** Another ledger of the same key knows of more: its events replace the slot's. */
  z.strictObject({ state: z.literal("raised"), ...slot, events, ...link }),
]);

/** Whose privacy a ledger counts. */
export type LedgerKey = z.output<typeof ledgerKeySchema>;
/** One row of a ledger. */
export type LedgerRow = z.output<typeof ledgerRowSchema>;
/** States of a row. */
export type LedgerState = LedgerRow["state"];
/** What is reserved and charged together: one attempt of one round. Retraining is the next attempt. */
export type LedgerSlot = Pick<LedgerRow, "run" | "round" | "attempt">;

/** A slot as text, for messages and maps. */
export function slotText({ run, round, attempt }: LedgerSlot): string {
  return `run ${run}, round ${round}, attempt ${attempt}`;
}
