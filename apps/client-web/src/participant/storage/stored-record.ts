/** A client's record as the browser's store keeps it: checked when it comes back. */
import { digestPattern, FedtuneError, idPattern } from "@fedtune/core";
import type { ClientRecord, Digest, Hash, RunId } from "@fedtune/core";
import { z } from "zod";

const VERSION = 1;

const round = z.int().min(0).max(0xffffffff);
const vector = z.instanceof(Float32Array);
const schema = z.strictObject({
  version: z.literal(VERSION),
  run: z
    .string()
    .regex(idPattern)
    .transform((text) => text as RunId),
  held: z.strictObject({ round, rank: z.int().positive(), values: vector }).nullable(),
  personal: vector.nullable(),
  unsent: z.strictObject({ round, values: vector }).nullable(),
  pending: z
    .strictObject({
      round,
      bytes: z.instanceof(Uint8Array),
      hash: z
        .string()
        .regex(digestPattern)
        .transform((text) => text as Digest),
      examples: z.number(),
      metrics: z.record(
        z.string(),
        z.union([z.number(), z.nan(), z.literal([Infinity, -Infinity])]),
      ),
      nextPersonal: vector.nullable(),
      nextUnsent: vector.nullable(),
    })
    .nullable(),
});

/** The record as a value for the structured clone, which would copy the whole buffer behind a view. */
export function toStored({ run, held, personal, unsent, pending }: ClientRecord): unknown {
  return {
    ...{ version: VERSION, run, personal: alone(personal) },
    held: held && { round: held.round, rank: held.rank, values: alone(held.values) },
    unsent: unsent && { round: unsent.round, values: alone(unsent.values) },
    pending: pending && {
      ...pending,
      metrics: { ...pending.metrics },
      bytes: alone(pending.bytes),
      nextPersonal: alone(pending.nextPersonal),
      nextUnsent: alone(pending.nextUnsent),
    },
  };
}

function alone<Values extends Float32Array | Uint8Array>(values: Values | null): Values | null {
  if (values === null || values.byteLength === values.buffer.byteLength) return values;
  return values.slice() as Values;
}

/**
 * Reads what {@link toStored} made.
 *
 * @throws FedtuneError `state-corrupt` for anything else, for another run's record, and when the bytes of the update on
 * its way do not have their hash
 */
export function fromStored(value: unknown, run: RunId, hash: Hash): ClientRecord {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw corrupt(parsed.error.issues[0]?.message ?? "it is no record");
  const { version: _, ...record } = parsed.data;
  if (record.run !== run) throw corrupt(`it is of run "${record.run}"`);
  const { pending } = record;
  if (pending !== null && hash.sha256(pending.bytes) !== pending.hash)
    throw corrupt("the bytes of its update do not have their hash");
  return record;
}

/**
 * How many numbers of a stored record are this device's alone: its personal factors, or those that the update on its way
 * will leave it with. 0 for what is no record, and where the method shares everything.
 */
export function ownNumbersOf(value: unknown): number {
  const { data } = schema.safeParse(value);
  return (data?.personal ?? data?.pending?.nextPersonal)?.length ?? 0;
}

function corrupt(why: string): FedtuneError {
  return new FedtuneError("state-corrupt", `Cannot use the client's record: ${why}`);
}
