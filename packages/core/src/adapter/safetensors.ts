/** Safetensors files as bytes. */
import { utf8 } from "../bytes.ts";
import { FedtuneError } from "../errors.ts";
import { firstNonFinite } from "./finite.ts";
import { bfloatsToFloats, floatsToHalves, halvesToFloats } from "./half.ts";
import { readFloat32, readUint16, writeLittleEndian } from "./little-endian.ts";
import {
  dtypeBytes,
  invalidFile,
  invalidTensor,
  readSafetensorsHeader,
  type Dtype,
  type SafetensorsHeader,
} from "./safetensors-header.ts";

/** One tensor's raw bytes, little endian, row-major; a view into the file. */
export interface TensorView {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A whole file. */
export interface Safetensors {
  readonly metadata: SafetensorsHeader["metadata"];
  readonly tensors: ReadonlyMap<string, TensorView>;
}

/** A tensor to write. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** `F32` unless named. */
  readonly dtype?: "F32" | "F16";
}

/**
 * Reads a file. Nothing is copied, and nothing is allocated beyond the header before every size is checked.
 *
 * @throws FedtuneError `safetensors-invalid` naming the tensor and what was wanted
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { metadata, tensors, fileBytes } = readSafetensorsHeader(bytes);
  if (bytes.length !== fileBytes) {
    throw invalidFile(
      `it has ${bytes.length} bytes, wanted ${fileBytes}, the end of its last tensor`,
    );
  }
  const views = [...tensors.values()].map(({ name, dtype, shape, start, end }) => {
    return [name, { name, dtype, shape, bytes: bytes.subarray(start, end) }] as const;
  });
  return { metadata, tensors: new Map(views) };
}

/**
 * A tensor's values rounded to float32; shares memory with the file when it is float32 and aligned.
 *
 * @throws FedtuneError `not-finite` when `finite` is asked for and a value is not
 */
export function tensorToFloat32(
  tensor: TensorView,
  options: { readonly finite?: boolean } = {},
): Float32Array {
  const values = widened(tensor);
  if (options.finite === true) checkTensor(tensor.name, values);
  return values;
}

function checkTensor(tensor: string, values: Float32Array): void {
  const index = firstNonFinite(values);
  if (index < 0) return;
  const message = `Cannot use tensor "${tensor}": value ${index} is ${values[index] ?? NaN}, wanted a finite number`;
  throw new FedtuneError("not-finite", message, { data: { tensor, index } });
}

function widened({ dtype, bytes }: TensorView): Float32Array {
  switch (dtype) {
    case "F32":
      return readFloat32(bytes);
    case "F16":
      return halvesToFloats(readUint16(bytes));
    case "BF16":
      return bfloatsToFloats(readUint16(bytes));
    case "U8":
    case "BOOL":
      return Float32Array.from(bytes);
    default:
      return eachElement(bytes, dtype);
  }
}

const READERS = {
  F64: (view: DataView, at: number) => view.getFloat64(at, true),
  I64: (view: DataView, at: number) =>
    view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
  I32: (view: DataView, at: number) => view.getInt32(at, true),
  I16: (view: DataView, at: number) => view.getInt16(at, true),
  I8: (view: DataView, at: number) => view.getInt8(at),
} as const;

function eachElement(bytes: Uint8Array, dtype: keyof typeof READERS): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = dtypeBytes[dtype];
  const read = READERS[dtype];
  return Float32Array.from({ length: bytes.length / width }, (_, index) =>
    read(view, index * width),
  );
}

/**
 * Writes a file; the same tensors and metadata give the same bytes, in whatever order they come.
 *
 * Laid out as HuggingFace's own writer does: wider types first, then by name; the header ends at a multiple of 8.
 *
 * @throws FedtuneError `safetensors-invalid` on a duplicate name or a shape that does not fit, `not-finite`
 */
export function writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...tensors].sort((a, b) => widthOf(b) - widthOf(a) || compare(a.name, b.name));
  checkToWrite(sorted);
  const header = headerBytes(sorted, metadata);
  const size = sorted.reduce((sum, tensor) => sum + byteLength(tensor), 0);
  const bytes = new Uint8Array(8 + header.length + size);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 8);
  let at = 8 + header.length;
  for (const tensor of sorted) {
    const values = tensor.dtype === "F16" ? floatsToHalves(tensor.values) : tensor.values;
    writeLittleEndian(values, bytes.subarray(at, at + values.byteLength));
    at += values.byteLength;
  }
  return bytes;
}

function headerBytes(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const pairs = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  const texts = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const entries = texts.length === 0 ? [] : [`"__metadata__":{${texts.join(",")}}`];
  let at = 0;
  for (const tensor of tensors) {
    const { name, shape, dtype = "F32" } = tensor;
    const end = at + byteLength(tensor);
    // Written by hand: an object would put names that look like integers first.
    const entry = { dtype, shape, data_offsets: [at, end] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    at = end;
  }
  const text = utf8(`{${entries.join(",")}}`);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  return padded;
}

function checkToWrite(tensors: readonly TensorToWrite[]): void {
  const names = new Set(["__metadata__"]);
  for (const { name, shape, values, dtype } of tensors) {
    if (names.has(name)) throw invalidTensor(name, "comes twice or has the name of the metadata");
    names.add(name);
    const wanted = shape.reduce((product, extent) => product * extent, 1);
    if (wanted !== values.length) {
      const size = `[${shape.join(", ")}]`;
      throw invalidTensor(name, `has ${values.length} values, wanted ${wanted} for ${size}`);
    }
    checkTensor(name, dtype === "F16" ? halvesToFloats(floatsToHalves(values)) : values);
  }
}

function widthOf({ dtype = "F32" }: TensorToWrite): number {
  return dtypeBytes[dtype];
}

function byteLength(tensor: TensorToWrite): number {
  return tensor.values.length * widthOf(tensor);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
