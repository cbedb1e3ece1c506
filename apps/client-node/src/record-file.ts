/**
 * A client's record as bytes: magic, version, JSON header, binary sections, SHA-256 of all that.
 *
 * All integers are little-endian. Sections follow the header in this order, each with the length that it announces:
 * held values, personal factors, unsent changes, update, next personal factors, next unsent changes.
 */
import {
  digestPattern,
  FedtuneError,
  float32Bytes,
  fromUtf8,
  idPattern,
  utf8,
} from "@fedtune/core";
import type { ClientRecord, Digest, Hash, Metrics, RunId } from "@fedtune/core";
import { z } from "zod";

const MAGIC = utf8("FTRECORD");
const VERSION = 2;
/** Magic, version, header length. */
const PREFIX_BYTES = MAGIC.length + 8;
const CHECKSUM_BYTES = 32;

const length = z.int().min(0);
const count = z.int().min(0).max(0xffffffff);
/** JSON has no NaN and no infinities: they are written as words. */
const metric = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);
const headerSchema = z.strictObject({
  run: z
    .string()
    .regex(idPattern)
    .transform((text) => text as RunId),
  held: z.strictObject({ round: count, rank: count, length }).nullable(),
  personal: length.nullable(),
  unsent: z.strictObject({ round: count, length }).nullable(),
  pending: z
    .strictObject({
      round: count,
      hash: z
        .string()
        .regex(digestPattern)
        .transform((text) => text as Digest),
      examples: z.number(),
      metrics: z.record(z.string(), metric),
      bytes: length,
      nextPersonal: length.nullable(),
      nextUnsent: length.nullable(),
    })
    .nullable(),
});

/** Encodes a record. */
export function encodeRecord(record: ClientRecord, hash: Hash): Uint8Array {
  const { run, held, personal, unsent, pending } = record;
  const header: z.input<typeof headerSchema> = {
    run,
    held: held === null ? null : { round: held.round, rank: held.rank, length: held.values.length },
    personal: personal?.length ?? null,
    unsent: unsent === null ? null : { round: unsent.round, length: unsent.values.length },
    pending: pending === null ? null : pendingHeader(pending),
  };
  const text = utf8(JSON.stringify(header));
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, VERSION, true);
  view.setUint32(4, text.length, true);
  const sections = [
    ...[MAGIC, numbers, text, valuesBytes(held?.values), valuesBytes(personal)],
    ...[valuesBytes(unsent?.values), pending?.bytes ?? new Uint8Array()],
    ...[valuesBytes(pending?.nextPersonal), valuesBytes(pending?.nextUnsent)],
  ];
  return checksummed(sections, hash);
}

/** One after the other, with the checksum of all; every byte is copied once. */
function checksummed(sections: readonly Uint8Array[], hash: Hash): Uint8Array {
  const length = sections.reduce((sum, section) => sum + section.length, 0);
  const bytes = Buffer.allocUnsafeSlow(length + CHECKSUM_BYTES);
  let offset = 0;
  for (const section of sections) {
    bytes.set(section, offset);
    offset += section.length;
  }
  bytes.write(hash.sha256(bytes.subarray(0, length)), length, "hex");
  return bytes;
}

function pendingHeader(pending: NonNullable<ClientRecord["pending"]>) {
  const { round, hash, examples, metrics, bytes, nextPersonal, nextUnsent } = pending;
  return {
    round,
    hash,
    examples,
    metrics: metricsOut(metrics),
    bytes: bytes.length,
    nextPersonal: nextPersonal?.length ?? null,
    nextUnsent: nextUnsent?.length ?? null,
  };
}

function metricsOut(metrics: Metrics): Record<string, number | "NaN" | "Infinity" | "-Infinity"> {
  const word = (value: number) =>
    Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  const entries = Object.entries(metrics);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Number.isFinite(value) ? value : word(value)]),
  );
}

function valuesBytes(values: Float32Array | null | undefined): Uint8Array {
  return values === null || values === undefined ? new Uint8Array() : float32Bytes(values);
}

/**
 * Decodes a record.
 *
 * @throws FedtuneError `state-corrupt` on anything that {@link encodeRecord} did not write
 */
export function decodeRecord(bytes: Uint8Array, hash: Hash): ClientRecord {
  const body = checkedBody(bytes, hash);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const version = view.getUint32(MAGIC.length, true);
  if (version !== VERSION) throw corrupt(`it has version ${version}, wanted ${VERSION}`);
  const start = PREFIX_BYTES + view.getUint32(MAGIC.length + 4, true);
  const header = headerOf(body.subarray(PREFIX_BYTES, start));
  const take = sections(body, start);
  const held =
    header.held === null ? null : { ...header.held, values: take.values(header.held.length) };
  const personal = header.personal === null ? null : take.values(header.personal);
  const unsent =
    header.unsent === null
      ? null
      : { round: header.unsent.round, values: take.values(header.unsent.length) };
  const pending = header.pending === null ? null : pendingOf(header.pending, take);
  take.end();
  return {
    run: header.run,
    held: held && { round: held.round, rank: held.rank, values: held.values },
    personal,
    unsent,
    pending,
  };
}

type Header = z.output<typeof headerSchema>;

function pendingOf(
  header: NonNullable<Header["pending"]>,
  take: Sections,
): NonNullable<ClientRecord["pending"]> {
  const bytes = take.bytes(header.bytes);
  const nextPersonal = header.nextPersonal === null ? null : take.values(header.nextPersonal);
  const nextUnsent = header.nextUnsent === null ? null : take.values(header.nextUnsent);
  return { ...header, bytes, nextPersonal, nextUnsent };
}

function checkedBody(bytes: Uint8Array, hash: Hash): Uint8Array {
  if (bytes.length < PREFIX_BYTES + CHECKSUM_BYTES) throw corrupt(`it has ${bytes.length} bytes`);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw corrupt("it is no record");
  const body = bytes.subarray(0, bytes.length - CHECKSUM_BYTES);
  const sum = Buffer.from(bytes.subarray(body.length)).toString("hex");
  if (hash.sha256(body) !== sum) throw corrupt("its checksum does not match");
  return body;
}

function headerOf(bytes: Uint8Array): Header {
  try {
    return headerSchema.parse(JSON.parse(fromUtf8(bytes)));
  } catch (cause) {
    throw corrupt("its header does not parse", cause);
  }
}

type Sections = ReturnType<typeof sections>;

/** Reads sections one after the other; every section is a copy. */
function sections(body: Uint8Array, start: number) {
  let offset = start;
  const bytes = (size: number): Uint8Array => {
    if (offset + size > body.length) throw corrupt("it ends too early");
    offset += size;
    return Uint8Array.from(body.subarray(offset - size, offset));
  };
  const values = (size: number): Float32Array => {
    const section = bytes(4 * size);
    const view = new DataView(section.buffer);
    return Float32Array.from({ length: size }, (_, i) => view.getFloat32(4 * i, true));
  };
  const end = (): void => {
    if (offset !== body.length) throw corrupt(`it has ${body.length - offset} bytes too many`);
  };
  return { bytes, values, end };
}

function corrupt(why: string, cause?: unknown): FedtuneError {
  return new FedtuneError("state-corrupt", `Cannot use the client's record: ${why}`, { cause });
}
