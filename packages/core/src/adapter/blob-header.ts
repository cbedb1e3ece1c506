/**
 * The fixed 48-byte header of every blob on the wire.
 *
 * | bytes | what |
 * |---|---|
 * | 0..3 | "FTUN" |
 * | 4 | version, 1 |
 * | 5 | kind: 1 factors, 2 update, 3 residual, 4 rotation |
 * | 6 | codec: 1 f32, 2 f16, 3 int8 |
 * | 7 | flags: bit 0 says that the vector is sparse (see sparse-blob.ts), the others are 0 |
 * | 8..11 | round, unsigned, little endian |
 * | 12..15 | number of values, unsigned, little endian |
 * | 16..47 | SHA-256 of the layout |
 */
import { FedtuneError, type ErrorCode } from "../errors.ts";
import { digest, type Digest } from "../ids.ts";
import type { CodecName } from "./codec.ts";

/** Bytes before the payload; a multiple of 16, so that an aligned blob has an aligned payload. */
export const BLOB_HEADER_BYTES = 48;

/** What a blob holds: absolute factor values, a client's change, factored changes of base weights, or turns of A. */
export type BlobKind = "factors" | "update" | "residual" | "rotation";

/** The header as values. */
export interface BlobHeader {
  readonly kind: BlobKind;
  readonly codec: CodecName;
  readonly round: number;
  /** Number of encoded values. */
  readonly length: number;
  readonly layoutHash: Digest;
  /** Whether positions stand before the values; false unless given. */
  readonly sparse?: boolean;
}

const MAGIC = [0x46, 0x54, 0x55, 0x4e] as const;
const VERSION = 1;
const SPARSE = 1;
const KINDS: Readonly<Record<BlobKind, number>> = {
  factors: 1,
  update: 2,
  residual: 3,
  rotation: 4,
};
const CODECS: Readonly<Record<CodecName, number>> = { f32: 1, f16: 2, int8: 3 };
/** Every byte as two digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const UINT32_END = 2 ** 32;

/**
 * Writes the header into the first 48 bytes of `target`.
 *
 * @throws RangeError when round or length is not an unsigned 32-bit integer
 */
export function writeBlobHeader(header: BlobHeader, target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, BLOB_HEADER_BYTES);
  target.set(MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, KINDS[header.kind]);
  view.setUint8(6, CODECS[header.codec]);
  view.setUint8(7, header.sparse === true ? SPARSE : 0);
  view.setUint32(8, uint32(header.round, "round"), true);
  view.setUint32(12, uint32(header.length, "length"), true);
  for (let i = 0; i < 32; i++) {
    target[16 + i] = 16 * nibble(header.layoutHash, 2 * i) + nibble(header.layoutHash, 2 * i + 1);
  }
}

/** One digit of a digest. */
function nibble(hash: Digest, at: number): number {
  const code = hash.charCodeAt(at);
  return code < 97 ? code - 48 : code - 87;
}

function uint32(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value < UINT32_END) return value;
  throw new RangeError(`Cannot write ${what} ${value} into a blob: wanted an integer below 2^32`);
}

/**
 * Reads the header of bytes that anyone may have sent.
 *
 * @throws FedtuneError `codec-invalid` when these are not the bytes of a blob of this version
 */
export function readBlobHeader(bytes: Uint8Array): BlobHeader {
  if (bytes.length < BLOB_HEADER_BYTES) {
    throw refused("codec-invalid", "size", [bytes.length, `at least ${BLOB_HEADER_BYTES} bytes`]);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOB_HEADER_BYTES);
  if (!MAGIC.every((byte, index) => byte === bytes[index])) {
    const magic = bytes.subarray(0, 4).join(" ");
    throw refused("codec-invalid", "magic", [magic, MAGIC.join(" ")]);
  }
  if (view.getUint8(4) !== VERSION) {
    throw refused("codec-invalid", "version", [view.getUint8(4), VERSION]);
  }
  const flags = view.getUint8(7);
  if (flags > SPARSE) throw refused("codec-invalid", "flags", [flags, `0 or ${SPARSE}`]);
  let hash = "";
  for (let i = 16; i < BLOB_HEADER_BYTES; i++) hash += HEX[bytes[i] ?? 0] ?? "";
  return {
    kind: named(KINDS, view.getUint8(5), "kind"),
    codec: named(CODECS, view.getUint8(6), "codec"),
    round: view.getUint32(8, true),
    length: view.getUint32(12, true),
    layoutHash: digest(hash),
    sparse: flags === SPARSE,
  };
}

function named<Name extends string>(
  table: Readonly<Record<Name, number>>,
  byte: number,
  what: string,
): Name {
  const names = Object.keys(table) as Name[];
  const name = names.find((candidate) => table[candidate] === byte);
  if (name === undefined) throw refused("codec-invalid", what, [byte, names.join(", ")]);
  return name;
}

/**
 * Holds a header against what the receiver waits for; its length is the caller's to judge.
 *
 * @throws FedtuneError `codec-invalid` on another kind or codec, `wrong-round`, `layout-mismatch`
 */
export function checkBlobHeader(header: BlobHeader, expected: Omit<BlobHeader, "length">): void {
  const [isSparse, isWanted] = [header.sparse === true, expected.sparse === true];
  if (isSparse !== isWanted) {
    throw refused("codec-invalid", "flags", [Number(isSparse), Number(isWanted)]);
  }
  const checks = [
    ["codec-invalid", "kind"],
    ["codec-invalid", "codec"],
    ["wrong-round", "round"],
    ["layout-mismatch", "layoutHash"],
  ] as const;
  for (const [code, field] of checks) {
    if (header[field] !== expected[field])
      throw refused(code, field, [header[field], expected[field]]);
  }
}

/** The error of a blob whose `field` is not what was wanted; `values` are the one found and the one wanted. */
export function refused(
  code: ErrorCode,
  field: string,
  [found, wanted]: readonly [string | number, string | number],
): FedtuneError {
  return new FedtuneError(code, `Cannot read blob: ${field} is ${found}, wanted ${wanted}`, {
    data: { field, found, wanted },
  });
}
