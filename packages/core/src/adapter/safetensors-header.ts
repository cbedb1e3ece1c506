/**
 * The header of a safetensors file: eight bytes of length (little endian), then JSON that names every tensor's type,
 * shape and place. Format: huggingface/safetensors, README, "Format". Input is taken to be hostile.
 */
import { fromUtf8 } from "../bytes.ts";
import { FedtuneError } from "../errors.ts";
import { parseStrictJson, type StrictJson } from "./strict-json.ts";

/** Bytes per element of each type. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
/** An element type of the format. */
export type Dtype = keyof typeof dtypeBytes;

/** One tensor's type, shape and place: bytes [start, end) of the file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** What a file says about itself. */
export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Size that the whole file must have. */
  readonly fileBytes: number;
}

/** The format allows 100 MB; no real header comes near this. */
const MAX_HEADER_BYTES = 16 * 2 ** 20;
/** Object of tensors, object of fields, list of numbers. */
const MAX_DEPTH = 3;
const FIELDS = ["dtype", "shape", "data_offsets"];

/**
 * Bytes from the start of the file to the end of its header, told from the first eight bytes.
 *
 * @throws FedtuneError `safetensors-invalid` when there are fewer than eight or the header is too large
 */
export function safetensorsHeaderBytes(prefix: Uint8Array): number {
  if (prefix.length < 8) throw invalidFile(`it has ${prefix.length} bytes, wanted at least 8`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length <= MAX_HEADER_BYTES) return 8 + length;
  throw invalidFile(`its header has ${length} bytes, wanted at most ${MAX_HEADER_BYTES}`);
}

/**
 * Reads the header from a file's first bytes; the rest may be missing, for reading tensors one by one later.
 *
 * @throws FedtuneError `safetensors-invalid` naming the tensor and what was wanted
 */
export function readSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  const dataStart = safetensorsHeaderBytes(bytes);
  if (bytes.length < dataStart) {
    throw invalidFile(`it ends after ${bytes.length} bytes, inside its header of ${dataStart}`);
  }
  const entries = parseHeader(bytes.subarray(8, dataStart));
  const metadata = readMetadata(entries.get("__metadata__"));
  const infos = [...entries]
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => readTensorInfo(name, entry, dataStart))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let fileBytes = dataStart;
  for (const { name, start, end } of infos) {
    if (start !== fileBytes) {
      throw invalidTensor(
        name,
        `begins at byte ${start}, wanted ${fileBytes}, the end of the one before`,
      );
    }
    fileBytes = end;
  }
  return { metadata, tensors: new Map(infos.map((info) => [info.name, info])), fileBytes };
}

function parseHeader(bytes: Uint8Array): ReadonlyMap<string, StrictJson> {
  // The format demands the brace in first place; this also keeps a byte order mark out.
  if (bytes[0] !== 0x7b) throw invalidFile('its header does not begin with "{"');
  let header: StrictJson;
  try {
    header = parseStrictJson(fromUtf8(bytes), MAX_DEPTH);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidFile(`its header is not JSON: ${reason}`, cause);
  }
  if (header instanceof Map) return header as ReadonlyMap<string, StrictJson>;
  throw invalidFile("its header is not a JSON object");
}

function readMetadata(entry: StrictJson | undefined): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (entry === undefined || entry === null) return metadata;
  if (!(entry instanceof Map)) throw invalidFile("its __metadata__ is not an object of texts");
  for (const [key, value] of entry as ReadonlyMap<string, StrictJson>) {
    if (typeof value !== "string") throw invalidFile(`its __metadata__ "${key}" is not a text`);
    metadata.set(key, value);
  }
  return metadata;
}

function readTensorInfo(name: string, entry: StrictJson, dataStart: number): TensorInfo {
  if (!(entry instanceof Map)) throw invalidTensor(name, "has no object in the header");
  const fields = entry as ReadonlyMap<string, StrictJson>;
  const extra = [...fields.keys()].find((key) => !FIELDS.includes(key));
  if (extra !== undefined) throw invalidTensor(name, `has the unknown field "${extra}"`);
  const dtype = fields.get("dtype");
  if (!isDtype(dtype)) {
    const wanted = Object.keys(dtypeBytes).join(", ");
    throw invalidTensor(name, `has dtype ${JSON.stringify(dtype)}, wanted one of ${wanted}`);
  }
  const shape = sizes(name, "shape", fields.get("shape"));
  const [start, end, ...rest] = sizes(name, "data_offsets", fields.get("data_offsets"));
  if (start === undefined || end === undefined || rest.length > 0 || end < start) {
    throw invalidTensor(name, "has wrong data_offsets, wanted [start, end] with start <= end");
  }
  const wanted = shape.reduce((product, extent) => product * extent, dtypeBytes[dtype]);
  if (end - start !== wanted) {
    throw invalidTensor(
      name,
      `has ${end - start} bytes, wanted ${wanted} for ${dtype} [${shape.join(", ")}]`,
    );
  }
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end };
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(dtypeBytes, value);
}

/** A list of non-negative integers that are exact in float64. */
function sizes(tensor: string, field: string, value: StrictJson | undefined): number[] {
  const list: readonly StrictJson[] = Array.isArray(value)
    ? (value as readonly StrictJson[])
    : [-1];
  return list.map((size) => {
    if (Number.isSafeInteger(size) && Number(size) >= 0) return Number(size);
    throw invalidTensor(tensor, `has a wrong ${field}, wanted a list of integers from 0 to 2^53`);
  });
}

/** The error of a whole file. */
export function invalidFile(problem: string, cause?: unknown): FedtuneError {
  return new FedtuneError("safetensors-invalid", `Cannot read the safetensors file: ${problem}`, {
    cause,
  });
}

/** The error of one tensor. */
export function invalidTensor(tensor: string, problem: string): FedtuneError {
  const message = `Cannot use the safetensors file: tensor "${tensor.slice(0, 200)}" ${problem}`;
  return new FedtuneError("safetensors-invalid", message, { data: { tensor } });
}
