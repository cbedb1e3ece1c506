/** A method's state as bytes: a JSON header and float32 vectors behind it, little endian. */
import { FedtuneError, fromUtf8, utf8 } from "@fedtune/core";
import { z } from "zod";

const prefixBytes = 4;
const envelopeSchema = z.strictObject({ state: z.unknown(), sizes: z.array(z.int().min(0)) });

/** What {@link packState} packs: anything that JSON carries, and vectors. */
export interface StateParts {
  readonly header: unknown;
  readonly vectors: readonly Float32Array[];
}

/** Packs a state; the bytes hold copies. */
export function packState({ header, vectors }: StateParts): Uint8Array {
  const sizes = vectors.map((vector) => vector.length);
  const text = utf8(JSON.stringify({ state: header, sizes }));
  const values = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(prefixBytes + text.length + values * Float32Array.BYTES_PER_ELEMENT);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, prefixBytes);
  let at = prefixBytes + text.length;
  for (const vector of vectors) {
    bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), at);
    at += vector.byteLength;
  }
  return bytes;
}

/**
 * Unpacks what {@link packState} packed; the vectors are copies.
 *
 * @throws FedtuneError `codec-invalid` when the bytes are not a packed state
 */
export function unpackState(bytes: Uint8Array): StateParts {
  try {
    return unpack(bytes);
  } catch (cause) {
    throw new FedtuneError(
      "codec-invalid",
      `Cannot read a method state of ${String(bytes.length)} bytes, wanted a packed state`,
      { data: { bytes: bytes.length }, cause },
    );
  }
}

function unpack(bytes: Uint8Array): StateParts {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
  const body = prefixBytes + length;
  const { state, sizes } = envelopeSchema.parse(
    JSON.parse(fromUtf8(bytes.subarray(prefixBytes, body))),
  );
  // slice() gives the values a buffer of their own, so that they are aligned.
  const values = new Float32Array(bytes.slice(body).buffer);
  if (values.length !== sizes.reduce((sum, size) => sum + size, 0)) {
    throw new RangeError(`${String(values.length)} values do not fill ${JSON.stringify(sizes)}`);
  }
  let at = 0;
  const vectors = sizes.map((size) => values.slice(at, (at += size)));
  return { header: state, vectors };
}
