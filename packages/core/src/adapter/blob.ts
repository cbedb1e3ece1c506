/** One flat vector as bytes on the wire: header and encoded values, no tensor names. */
import type { Digest } from "../ids.ts";
import {
  BLOB_HEADER_BYTES,
  checkBlobHeader,
  readBlobHeader,
  refused,
  writeBlobHeader,
} from "./blob-header.ts";
import { codecs, type CodecName } from "./codec.ts";

/** What a vector blob is made of; `values` in layout order. */
export interface VectorBlob {
  readonly kind: "factors" | "update" | "rotation";
  readonly codec: CodecName;
  readonly round: number;
  readonly layoutHash: Digest;
  readonly values: Float32Array;
}

/** What a receiver waits for; `length` is the number of values. `trusted` bytes passed this very check before. */
export type ExpectedVectorBlob = Omit<VectorBlob, "values"> & {
  readonly length: number;
  readonly trusted?: boolean;
};

/** Size of a vector blob of `length` values. */
export function vectorBlobBytes(codec: CodecName, length: number): number {
  return BLOB_HEADER_BYTES + codecs[codec].encodedBytes(length);
}

/**
 * Encodes a vector with its header.
 *
 * @throws FedtuneError `not-finite` with the index of the first value that is not finite
 */
export function encodeVectorBlob(blob: VectorBlob): Uint8Array {
  const { values, codec } = blob;
  const bytes = new Uint8Array(vectorBlobBytes(codec, values.length));
  writeBlobHeader({ ...blob, length: values.length }, bytes);
  codecs[codec].encodeInto(values, bytes.subarray(BLOB_HEADER_BYTES));
  return bytes;
}

/**
 * Decodes bytes that anyone may have sent. The result may share memory with `bytes`: read it, or copy it.
 *
 * @throws FedtuneError `codec-invalid` when the bytes are no whole blob of the expected kind and codec
 * @throws FedtuneError `wrong-round`, `layout-mismatch` when it belongs to another round or layout
 * @throws FedtuneError `shape-mismatch` when it announces another number of values
 * @throws FedtuneError `update-too-large` when more bytes follow than announced
 * @throws FedtuneError `not-finite` with the index of the first NaN or infinity
 */
export function decodeVectorBlob(bytes: Uint8Array, expected: ExpectedVectorBlob): Float32Array {
  const header = readBlobHeader(bytes);
  checkBlobHeader(header, expected);
  if (header.length !== expected.length) {
    throw refused("shape-mismatch", "length", [header.length, expected.length]);
  }
  const wanted = vectorBlobBytes(expected.codec, expected.length);
  if (bytes.length > wanted) {
    throw refused("update-too-large", "size", [bytes.length, `${wanted} bytes`]);
  }
  const payload = bytes.subarray(BLOB_HEADER_BYTES);
  return codecs[expected.codec].decode(payload, expected.length, expected.trusted);
}
