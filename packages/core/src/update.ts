/** Checking an uploaded update: everything that can be known of its bytes before it is stored. */
import { decodeVectorBlob } from "./adapter/blob.ts";
import type { CodecName } from "./adapter/codec.ts";
import type { Digest } from "./ids.ts";

/** What the plan says an update must be. */
export interface ExpectedUpdate {
  readonly round: number;
  readonly codec: CodecName;
  /** Hash of the tier's full layout. */
  readonly layoutHash: Digest;
  /** Values uploaded: `selectRoles(layout, plan.upload).size`. */
  readonly length: number;
}

/** A decoded update. */
export interface CheckedUpdate {
  /** Trained minus received, packed; may be a view into the bytes. */
  readonly delta: Float32Array;
  /** Euclidean norm of `delta`. */
  readonly norm: number;
}

/**
 * Decodes and checks an update blob.
 *
 * @throws FedtuneError `codec-invalid`, `wrong-round`, `layout-mismatch`, `shape-mismatch`, `update-too-large`, `not-finite`
 */
export function checkUpdate(bytes: Uint8Array, expected: ExpectedUpdate): CheckedUpdate {
  const delta = decodeUpdate(bytes, expected);
  return { delta, norm: norm(delta) };
}

/** Decodes an update that was checked when it came. */
export function decodeUpdate(bytes: Uint8Array, expected: ExpectedUpdate): Float32Array {
  return decodeVectorBlob(bytes, { kind: "update", ...expected });
}

/** Euclidean norm, summed in float64 by four lanes. */
export function norm(values: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const even = values.length & ~3;
  for (let i = 0; i < even; i += 4) {
    const a = values[i] ?? 0;
    const b = values[i + 1] ?? 0;
    const c = values[i + 2] ?? 0;
    const d = values[i + 3] ?? 0;
    s0 += a * a;
    s1 += b * b;
    s2 += c * c;
    s3 += d * d;
  }
  for (let i = even; i < values.length; i++) s0 += (values[i] ?? 0) ** 2;
  return Math.sqrt(s0 + s1 + s2 + s3);
}
