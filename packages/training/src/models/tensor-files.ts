/** The tensors of a checkpoint folder, in one file or in shards. */
import {
  asFedtuneError,
  FedtuneError,
  readSafetensorsHeader,
  safetensorsHeaderBytes,
  tensorToFloat32,
} from "@fedtune/core";
import type { TensorInfo } from "@fedtune/core";
import { z } from "zod";
import type { FileSource, OpenFile } from "../files.ts";
import { joinPath, openFile, readJson } from "../files.ts";

/** One weight with its shape, row-major. */
export interface Weight {
  readonly shape: readonly number[];
  /**
   * Of a checkpoint's weight read anew each time: nobody holds a model twice who takes one after the other.
   *
   * @throws FedtuneError `model-invalid` for values that are not finite, `file-unreadable`
   */
  readonly values: Float32Array;
}

/** The same matrix with rows and columns exchanged. */
export function transposed({ shape, values }: Weight): Weight {
  const [rows = 0, columns = 0] = shape;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column] ?? Number.NaN;
  return { shape: [columns, rows], values: turned };
}

/** Tensors by name; values are read and become float32 when they are asked for. */
export interface TensorSource {
  /** The file that messages name. */
  readonly path: string;
  readonly names: readonly string[];
  /** Undefined: there is no such tensor. @throws FedtuneError `model-invalid` for values that are not finite */
  read(name: string): Weight | undefined;
  shapeOf(name: string): readonly number[] | undefined;
}

/** A tensor and the file that has its bytes. */
interface StoredTensor {
  readonly info: TensorInfo;
  readonly file: OpenFile;
}
type Tensors = ReadonlyMap<string, StoredTensor>;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });
/** A shard is a plain file name beside its index. */
const shardPattern = /^[\w.-]+\.safetensors$/;

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
 *
 * @throws FedtuneError `model-invalid` naming the file that is missing or broken
 */
export async function openTensors(files: FileSource, folder: string): Promise<TensorSource> {
  const single = joinPath(folder, "model.safetensors");
  const index = joinPath(folder, "model.safetensors.index.json");
  if (await files.exists(single)) return sourceOf(await readTensors(files, single), single);
  if (!(await files.exists(index))) throw missing(single);
  const parsed = indexSchema.safeParse(await readJson(files, index));
  const shards = [...new Set(Object.values(parsed.data?.weight_map ?? {}))].sort();
  if (shards.length === 0 || !shards.every((name) => shardPattern.test(name))) {
    const message = `Cannot load ${index}: wanted a weight_map from tensors to files beside it`;
    throw new FedtuneError("model-invalid", message, { data: { path: index } });
  }
  const tensors = new Map<string, StoredTensor>();
  for (const shard of shards) {
    const path = joinPath(folder, shard);
    if (!(await files.exists(path))) throw missing(path);
    for (const [name, tensor] of await readTensors(files, path)) tensors.set(name, tensor);
  }
  return sourceOf(tensors, index);
}

function missing(path: string): FedtuneError {
  const message = `Cannot load the base model: ${path} is missing; expected a folder with config.json and model.safetensors`;
  return new FedtuneError("model-invalid", message, { data: { path } });
}

async function readTensors(files: FileSource, path: string): Promise<Tensors> {
  const file = await openFile(files, path);
  try {
    const prefix = file.read(0, Math.min(8, file.bytes));
    const length = Math.min(safetensorsHeaderBytes(prefix), file.bytes);
    const { tensors, fileBytes } = readSafetensorsHeader(file.read(0, length));
    if (file.bytes !== fileBytes)
      throw new Error(
        `it has ${file.bytes} bytes, wanted ${fileBytes}, the end of its last tensor`,
      );
    return new Map([...tensors].map(([name, info]) => [name, { info, file }]));
  } catch (error) {
    const cause = asFedtuneError(error);
    const message = `Cannot load ${path}: ${cause.message}`;
    throw new FedtuneError("model-invalid", message, { data: { ...cause.data, path }, cause });
  }
}

function sourceOf(tensors: Tensors, path: string): TensorSource {
  return {
    path,
    names: [...tensors.keys()],
    shapeOf: (name) => tensors.get(name)?.info.shape,
    read(name) {
      const found = tensors.get(name);
      if (found === undefined) return undefined;
      const { info, file } = found;
      const values = tensorToFloat32({ ...info, bytes: file.read(info.start, info.end) });
      checkFinite(values, { name, path });
      return { shape: info.shape, values };
    },
  };
}

function checkFinite(
  values: Float32Array,
  { name, path }: { readonly name: string; readonly path: string },
): void {
  // A sum shows any NaN or infinity, without a test for every value.
  let sum = 0;
  for (const value of values) sum += value - value;
  if (sum === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  const message = `Cannot load ${path}: tensor "${name}" holds ${values[at] ?? Number.NaN} at ${at}, expected finite numbers`;
  throw new FedtuneError("model-invalid", message, { data: { path, tensor: name, index: at } });
}
