/**
 * Factored changes of base weights as bytes on the wire.
 *
 * After the blob header: the size of a JSON text (unsigned 32-bit, little endian), the text
 * `[[module, rank, out, in], ...]` padded with spaces so that the values start at a multiple of 8, and all values:
 * left `[out, rank]`, then right `[rank, in]` of each module in turn, through the codec.
 */
import { z } from "zod";
import { fromUtf8, utf8 } from "../bytes.ts";
import { FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { FactoredResidual } from "../method.ts";
import type { Hash } from "../ports.ts";
import {
  BLOB_HEADER_BYTES,
  checkBlobHeader,
  readBlobHeader,
  refused,
  writeBlobHeader,
} from "./blob-header.ts";
import { codecs, type CodecName } from "./codec.ts";
import type { LinearModule } from "./kind.ts";

/** What a residual blob is made of. */
export interface ResidualBlob {
  readonly codec: CodecName;
  readonly round: number;
  /** {@link modulesHash} of the base model's adapted layers, which clients of all ranks share. */
  readonly layoutHash: Digest;
  readonly modules: readonly FactoredResidual[];
}

/** What a receiver waits for; `modules` are all linear layers of its base model that may change. */
export type ExpectedResidualBlob = Omit<ResidualBlob, "modules"> & {
  readonly modules: readonly LinearModule[];
};

/** SHA-256 over names and sizes in order: what a residual refers to, whatever the rank of its reader. */
export function modulesHash(modules: readonly LinearModule[], hash: Hash): Digest {
  const rows = modules.map(({ name, in: inputs, out }) => [name, inputs, out]);
  return hash.sha256(utf8(JSON.stringify(rows)));
}

const MAX_INDEX_BYTES = 4 * 2 ** 20;
const count = z.int().positive();
const indexSchema = z.array(z.tuple([z.string().max(1000), count, count, count])).max(100_000);
type Index = z.output<typeof indexSchema>;

/**
 * Encodes residuals with their header.
 *
 * @throws FedtuneError `shape-mismatch` when a residual's factors are no multiple of its rank, `not-finite`
 */
export function encodeResidualBlob(blob: ResidualBlob): Uint8Array {
  const text = indexText(blob.modules.map(indexRow));
  const length = blob.modules.reduce((sum, part) => sum + part.left.length + part.right.length, 0);
  const values = new Float32Array(length);
  let at = 0;
  for (const { left, right } of blob.modules) {
    values.set(left, at);
    values.set(right, at + left.length);
    at += left.length + right.length;
  }
  const start = BLOB_HEADER_BYTES + 4 + text.length;
  const bytes = new Uint8Array(start + codecs[blob.codec].encodedBytes(length));
  writeBlobHeader({ ...blob, kind: "residual", length }, bytes);
  new DataView(bytes.buffer).setUint32(BLOB_HEADER_BYTES, text.length, true);
  bytes.set(text, BLOB_HEADER_BYTES + 4);
  codecs[blob.codec].encodeInto(values, bytes.subarray(start));
  return bytes;
}

function indexRow({ module, rank, left, right }: FactoredResidual): Index[number] {
  if (rank > 0 && left.length % rank === 0 && right.length % rank === 0) {
    return [module, rank, left.length / rank, right.length / rank];
  }
  const message = `Cannot encode residual of "${module}": ${left.length} and ${right.length} values for rank ${rank}`;
  throw new FedtuneError("shape-mismatch", message, { data: { module, rank } });
}

function indexText(index: Index): Uint8Array {
  const text = utf8(JSON.stringify(index));
  const start = BLOB_HEADER_BYTES + 4 + text.length;
  const padded = new Uint8Array(text.length + (Math.ceil(start / 8) * 8 - start)).fill(0x20);
  padded.set(text);
  return padded;
}

/**
 * Decodes bytes that anyone may have sent. The factors may share memory with `bytes`: read them, or copy them.
 *
 * @throws FedtuneError `codec-invalid` when the bytes are no whole residual blob
 * @throws FedtuneError `wrong-round`, `layout-mismatch` on an unknown or repeated module
 * @throws FedtuneError `shape-mismatch` when a module's shape or the number of values is another
 * @throws FedtuneError `update-too-large` when more bytes follow than announced
 * @throws FedtuneError `not-finite` with the index of the first NaN or infinity
 */
export function decodeResidualBlob(
  bytes: Uint8Array,
  expected: ExpectedResidualBlob,
): FactoredResidual[] {
  const header = readBlobHeader(bytes);
  checkBlobHeader(header, { ...expected, kind: "residual" });
  const { index, start } = readIndex(bytes);
  const length = checkIndex(index, expected.modules);
  if (header.length !== length) throw refused("shape-mismatch", "length", [header.length, length]);
  const codec = codecs[expected.codec];
  const wanted = start + codec.encodedBytes(length);
  if (bytes.length > wanted)
    throw refused("update-too-large", "size", [bytes.length, `${wanted} bytes`]);
  const values = codec.decode(bytes.subarray(start), length);
  let at = 0;
  const take = (size: number): Float32Array => values.subarray(at, (at += size));
  return index.map(([module, rank, out, width]) => {
    return { module, rank, left: take(out * rank), right: take(rank * width) };
  });
}

function readIndex(bytes: Uint8Array): { readonly index: Index; readonly start: number } {
  const at = BLOB_HEADER_BYTES + 4;
  if (bytes.length < at)
    throw refused("codec-invalid", "size", [bytes.length, `at least ${at} bytes`]);
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(BLOB_HEADER_BYTES, true);
  const limit = Math.min(MAX_INDEX_BYTES, bytes.length - at);
  if (size > limit) throw refused("codec-invalid", "index size", [size, `at most ${limit}`]);
  try {
    const index = indexSchema.parse(JSON.parse(fromUtf8(bytes.subarray(at, at + size))));
    return { index, start: at + size };
  } catch (cause) {
    const message = "Cannot read blob: its index is not a list of [module, rank, out, in]";
    throw new FedtuneError("codec-invalid", message, { cause });
  }
}

/** Number of values that the index announces. */
function checkIndex(index: Index, modules: readonly LinearModule[]): number {
  const open = new Map(modules.map((module) => [module.name, module]));
  let length = 0;
  for (const [name, rank, out, width] of index) {
    const module = open.get(name);
    if (module === undefined) {
      throw refused("layout-mismatch", "module", [
        name.slice(0, 100),
        "each adapted module at most once",
      ]);
    }
    open.delete(name);
    if (module.out !== out || module.in !== width) {
      throw refused("shape-mismatch", `shape of ${name}`, [
        `[${out}, ${width}]`,
        `[${module.out}, ${module.in}]`,
      ]);
    }
    length += rank * (out + width);
  }
  return length;
}
