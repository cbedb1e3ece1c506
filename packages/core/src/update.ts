/** An update as bytes: made by the client, checked by the coordinator before it is stored, decoded when the round closes. */
import { BLOB_HEADER_BYTES, writeBlobHeader } from "./adapter/blob-header.ts";
import { decodeVectorBlob, encodeVectorBlob, vectorBlobBytes } from "./adapter/blob.ts";
import type { CodecName } from "./adapter/codec.ts";
import { checkFinite } from "./adapter/finite.ts";
import { decodeSparseBlob, encodeSparseBlob, maxSparseBlobBytes } from "./adapter/sparse-blob.ts";
import { pick, supportOf } from "./adapter/top-k.ts";
import type { FactorRole, Layout } from "./adapter/layout.ts";
import { factorView, selectRoles } from "./adapter/layout.ts";
import { isLittleEndianHost } from "./adapter/little-endian.ts";
import { FedtuneError } from "./errors.ts";
import type { Digest } from "./ids.ts";
import type { Sparsify } from "./method.ts";

/** What the plan says an update must be. */
export interface ExpectedUpdate {
  readonly round: number;
  readonly codec: CodecName;
  /** Hash of the tier's full layout. */
  readonly layoutHash: Digest;
  /** Values of the uploaded roles: `selectRoles(layout, plan.upload).size`. */
  readonly length: number;
  /** How many of them travel: {@link keptCount} of a sparse plan; null: all. */
  readonly kept: number | null;
  /** Largest norm of the change; null or absent: any. */
  readonly maxNorm?: number | null;
}

/** The change that an update brings. */
export interface UpdateChange {
  /** Trained minus received, packed; of a sparse update what travelled. May be a view into the bytes. */
  readonly delta: Float32Array;
  /** Ascending positions of a sparse delta; null: it is whole. */
  readonly support: Uint32Array | null;
}

/** A decoded update. */
export interface CheckedUpdate extends UpdateChange {
  /** Euclidean norm of `delta`. */
  readonly norm: number;
}

/** The most bytes that an update takes in any codec; an upload beyond is refused unread. */
export function maxUpdateBytes({ length, kept }: ExpectedUpdate): number {
  return kept === null
    ? vectorBlobBytes("f32", length)
    : maxSparseBlobBytes("f32", { length, kept });
}

/**
 * Decodes and checks an update blob; `known` is its norm where this very process has made the bytes and measured it then, and
 * saves a pass over the values.
 *
 * @throws FedtuneError `codec-invalid`, `wrong-round`, `layout-mismatch`, `shape-mismatch`, `update-too-large`, `not-finite`,
 * `norm-exceeded`
 */
export function checkUpdate(
  bytes: Uint8Array,
  expected: ExpectedUpdate,
  known: number | null = null,
): CheckedUpdate {
  const change = decodeUpdate(bytes, expected);
  const length = known ?? norm(change.delta);
  if (!Number.isFinite(length)) checkFinite(change.delta, "decode");
  const { maxNorm = null } = expected;
  if (maxNorm !== null && length > maxNorm) {
    throw new FedtuneError(
      "norm-exceeded",
      `Cannot take an update of norm ${length}, wanted at most ${maxNorm}`,
      { data: { norm: length, maxNorm } },
    );
  }
  return { ...change, norm: length };
}

/** Decodes an update that {@link checkUpdate} accepted when it came. */
export function decodeUpdate(bytes: Uint8Array, expected: ExpectedUpdate): UpdateChange {
  const wanted = { kind: "update", ...expected, trusted: true } as const;
  const { kept } = expected;
  if (kept === null) return { delta: decodeVectorBlob(bytes, wanted), support: null };
  const { values: delta, support } = decodeSparseBlob(bytes, { ...wanted, kept });
  return { delta, support };
}

/** What an update is made of. */
export interface UpdateSource {
  readonly layout: Layout;
  readonly layoutHash: Digest;
  readonly round: number;
  readonly roles: readonly FactorRole[];
  readonly codec: CodecName;
  /** The tier vectors before and after training, `[layout.size]`. */
  readonly start: Float32Array;
  readonly trained: Float32Array;
  /** Changes the packed change in place before it is encoded, for example to add noise. */
  readonly perturb?: (change: Float32Array) => void;
  /** Gives memory for a whole update, whatever stands in it, at a multiple of 16 of its buffer; absent: fresh memory. */
  readonly allocate?: (bytes: number) => Uint8Array;
}

/** A change as it travels. */
export interface EncodedUpdate {
  readonly bytes: Uint8Array;
  /** What {@link checkUpdate} finds for the norm, to the bit; null where the codec changes values. */
  readonly norm: number | null;
}

/**
 * Encodes the change of the uploaded factors, trained minus start, packed in layout order.
 *
 * @throws FedtuneError `shape-mismatch` when the trained vector is not `[layout.size]`, `not-finite`
 */
export function encodeUpdate(source: UpdateSource): EncodedUpdate {
  const { layout, layoutHash, round, roles, codec } = source;
  checkTrained(source);
  const { size } = selectRoles(layout, roles);
  if (codec === "f32" && isLittleEndianHost) {
    const wanted = vectorBlobBytes(codec, size);
    const bytes = source.allocate?.(wanted) ?? new Uint8Array(wanted);
    writeBlobHeader({ kind: "update", codec, round, layoutHash, length: size }, bytes);
    const values = new Float32Array(bytes.buffer, bytes.byteOffset + BLOB_HEADER_BYTES, size);
    let length = subtract(source, values);
    if (source.perturb !== undefined) {
      source.perturb(values);
      length = norm(values);
    }
    if (!Number.isFinite(length)) checkFinite(values, "upload");
    return { bytes, norm: length };
  }
  const values = new Float32Array(size);
  subtract(source, values);
  source.perturb?.(values);
  const bytes = encodeVectorBlob({ kind: "update", codec, round, layoutHash, values });
  return { bytes, norm: null };
}

/** How a change is thinned out. */
export interface SparseSource extends Omit<UpdateSource, "perturb" | "allocate"> {
  readonly sparsify: Sparsify;
  /** What earlier rounds left unsent, packed as the change; null: nothing. */
  readonly unsent: Float32Array | null;
}

/**
 * Encodes the largest values of a change and of what earlier rounds left unsent, together; `unsent` is what they leave,
 * `[uploaded]`.
 *
 * @throws FedtuneError `shape-mismatch` when the trained vector is not `[layout.size]`, `not-finite`
 */
export function encodeSparseUpdate(source: SparseSource): {
  readonly bytes: Uint8Array;
  readonly unsent: Float32Array;
} {
  const { layout, layoutHash, round, roles, codec, sparsify, unsent: earlier } = source;
  checkTrained(source);
  const packed = selectRoles(layout, roles);
  const change = new Float32Array(packed.size);
  subtract(source, change);
  if (earlier !== null) earlier.forEach((value, i) => (change[i] = (change[i] ?? 0) + value));
  checkFinite(change, "upload");
  const support = supportOf(packed, change, sparsify);
  const values = pick(change, support);
  const header = { kind: "update", codec, round, layoutHash } as const;
  const bytes = encodeSparseBlob({ ...header, support, values, size: packed.size });
  for (const position of support) change[position] = 0;
  return { bytes, unsent: change };
}

function checkTrained({ layout, trained }: Pick<UpdateSource, "layout" | "trained">): void {
  if (trained.length === layout.size) return;
  throw new FedtuneError(
    "shape-mismatch",
    `Cannot upload ${trained.length} trained values, expected ${layout.size}`,
  );
}

/** Writes trained minus start of the chosen factors into `target`, one after the other; gives {@link norm} of it. */
function subtract(
  { layout, roles, start, trained }: Omit<UpdateSource, "perturb" | "allocate">,
  target: Float32Array,
): number {
  const lanes: Lanes = [0, 0, 0, 0];
  let at = 0;
  let isAligned = true;
  for (const factor of layout.factors) {
    if (!roles.includes(factor.role)) continue;
    isAligned &&= at % 4 === 0;
    const to = target.subarray(at, at + factor.size);
    difference([factorView(trained, factor), factorView(start, factor)], to, lanes);
    at += factor.size;
  }
  // Sums in other lanes would differ in their last bits.
  return isAligned ? lengthOf(lanes) : norm(target);
}

/** Sums of squares in float64: value i of a vector is in lane i % 4, but for those after the last whole four, in lane 0. */
type Lanes = [number, number, number, number];

function lengthOf([s0, s1, s2, s3]: Lanes): number {
  return Math.sqrt(s0 + s1 + s2 + s3);
}

/** `to = a - b`, three equally long vectors; adds `to`'s squares to the lanes, in the same pass over memory. */
function difference(
  [a, b]: readonly [Float32Array, Float32Array],
  to: Float32Array,
  lanes: Lanes,
): void {
  let [s0, s1, s2, s3] = lanes;
  const whole = to.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const d0 = Math.fround((a[i] ?? 0) - (b[i] ?? 0));
    const d1 = Math.fround((a[i + 1] ?? 0) - (b[i + 1] ?? 0));
    const d2 = Math.fround((a[i + 2] ?? 0) - (b[i + 2] ?? 0));
    const d3 = Math.fround((a[i + 3] ?? 0) - (b[i + 3] ?? 0));
    to[i] = d0;
    to[i + 1] = d1;
    to[i + 2] = d2;
    to[i + 3] = d3;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (let i = whole; i < to.length; i++) {
    const last = Math.fround((a[i] ?? 0) - (b[i] ?? 0));
    to[i] = last;
    s0 += last * last;
  }
  lanes[0] = s0;
  lanes[1] = s1;
  lanes[2] = s2;
  lanes[3] = s3;
}

/** Euclidean norm, summed in float64 by four lanes; finite exactly when all values are, no float32 overflows its square. */
export function norm(values: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = values.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const a = values[i] ?? 0;
    const b = values[i + 1] ?? 0;
    const c = values[i + 2] ?? 0;
    const d = values[i + 3] ?? 0;
    s0 += a * a;
    s1 += b * b;
    s2 += c * c;
    s3 += d * d;
  }
  for (let i = whole; i < values.length; i++) {
    const last = values[i] ?? 0;
    s0 += last * last;
  }
  return lengthOf([s0, s1, s2, s3]);
}
