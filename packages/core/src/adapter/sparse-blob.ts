/**
 * A sparse vector as bytes on the wire: the header with its sparse flag and the number of values kept, then
 *
 * | bytes | what |
 * |---|---|
 * | 48..51 | parameter of the support's code, unsigned, little endian |
 * | 52..55 | bytes of the support's code, unsigned, little endian |
 * | 56.. | the support's code, a multiple of 4 bytes |
 * | then | the kept values in the header's codec |
 */
import {
  BLOB_HEADER_BYTES,
  checkBlobHeader,
  readBlobHeader,
  refused,
  writeBlobHeader,
} from "./blob-header.ts";
import type { VectorBlob } from "./blob.ts";
import { codecs } from "./codec.ts";
import type { CodecName } from "./codec.ts";
import { decodeSupport, encodeSupport, maxSupportBytes } from "./support-code.ts";

/** Bytes between the header and the support's code. */
const PREFIX_BYTES = 8;
const SUPPORT_AT = BLOB_HEADER_BYTES + PREFIX_BYTES;

/** Some values of a vector; all others are zero or did not travel. */
export interface SparseVector {
  /** Ascending positions. */
  readonly support: Uint32Array;
  /** The values at these positions. */
  readonly values: Float32Array;
}

/** What a sparse blob is made of. */
export type SparseBlob = Omit<VectorBlob, "kind"> & {
  readonly kind: "factors" | "update";
  readonly support: Uint32Array;
  /** Length of the vector that the positions are of. */
  readonly size: number;
};

/** What a receiver waits for: `length` values, of which `kept` come. `trusted` bytes passed this very check before. */
export type ExpectedSparseBlob = Omit<SparseBlob, "values" | "support" | "size"> & {
  readonly length: number;
  readonly kept: number;
  readonly trusted?: boolean;
};

/** The most bytes that a sparse blob takes. */
export function maxSparseBlobBytes(
  codec: CodecName,
  { length, kept }: Pick<ExpectedSparseBlob, "length" | "kept">,
): number {
  return SUPPORT_AT + maxSupportBytes(length) + codecs[codec].encodedBytes(kept);
}

/**
 * Encodes a sparse vector with its header.
 *
 * @throws FedtuneError `not-finite` with the index of the first value that is not finite
 * @throws RangeError when positions and values are not equally many
 */
export function encodeSparseBlob(blob: SparseBlob): Uint8Array {
  const { support, values, size, codec, ...header } = blob;
  if (support.length !== values.length) {
    throw new RangeError(`Cannot encode ${values.length} values at ${support.length} positions`);
  }
  const code = encodeSupport(support, size);
  const valuesAt = SUPPORT_AT + code.bytes.length;
  const bytes = new Uint8Array(valuesAt + codecs[codec].encodedBytes(values.length));
  writeBlobHeader({ ...header, codec, length: values.length, sparse: true }, bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(BLOB_HEADER_BYTES, code.parameter, true);
  view.setUint32(BLOB_HEADER_BYTES + 4, code.bytes.length, true);
  bytes.set(code.bytes, SUPPORT_AT);
  codecs[codec].encodeInto(values, bytes.subarray(valuesAt));
  return bytes;
}

/**
 * Decodes bytes that anyone may have sent. The values may share memory with `bytes`: read them, or copy them.
 *
 * @throws FedtuneError `codec-invalid` when the bytes are no whole sparse blob of the expected kind and codec, or their
 * positions are not ascending and below `length`
 * @throws FedtuneError `wrong-round`, `layout-mismatch` when it belongs to another round or layout
 * @throws FedtuneError `update-too-large` when it brings more values than agreed, or more bytes than it announces
 * @throws FedtuneError `shape-mismatch` when it brings fewer values
 * @throws FedtuneError `not-finite` with the index of the first NaN or infinity
 */
export function decodeSparseBlob(bytes: Uint8Array, expected: ExpectedSparseBlob): SparseVector {
  const { codec, length, kept, trusted } = expected;
  const header = readBlobHeader(bytes);
  checkBlobHeader(header, { ...expected, sparse: true });
  if (header.length > kept) throw refused("update-too-large", "length", [header.length, kept]);
  if (header.length < kept) throw refused("shape-mismatch", "length", [header.length, kept]);
  const { parameter, supportBytes } = readPrefix(bytes, length);
  const valuesAt = SUPPORT_AT + supportBytes;
  const wanted = valuesAt + codecs[codec].encodedBytes(kept);
  if (bytes.length > wanted) {
    throw refused("update-too-large", "size", [bytes.length, `${wanted} bytes`]);
  }
  if (bytes.length < wanted) throw refused("codec-invalid", "size", [bytes.length, wanted]);
  const code = { parameter, bytes: bytes.subarray(SUPPORT_AT, valuesAt) };
  const support = decodeSupport(code, { length, count: kept });
  return { support, values: codecs[codec].decode(bytes.subarray(valuesAt), kept, trusted) };
}

function readPrefix(bytes: Uint8Array, length: number) {
  if (bytes.length < SUPPORT_AT) {
    throw refused("codec-invalid", "size", [bytes.length, `at least ${SUPPORT_AT} bytes`]);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, SUPPORT_AT);
  const parameter = view.getUint32(BLOB_HEADER_BYTES, true);
  const supportBytes = view.getUint32(BLOB_HEADER_BYTES + 4, true);
  const most = maxSupportBytes(length);
  if (supportBytes > most || supportBytes % 4 !== 0) {
    throw refused("codec-invalid", "support size", [supportBytes, `a multiple of 4 up to ${most}`]);
  }
  return { parameter, supportBytes };
}
