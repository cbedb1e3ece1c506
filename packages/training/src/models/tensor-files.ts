/** The tensors of a checkpoint folder, in one file or in shards. */
import { asFedtuneError, FedtuneError, readSafetensors, tensorToFloat32 } from "@fedtune/core";
import type { TensorView } from "@fedtune/core";
import { z } from "zod";
import type { FileSource } from "../files.ts";
import { joinPath, readJson } from "../files.ts";

/** One weight with its shape, row-major. */
export interface Weight {
  readonly shape: readonly number[];
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

/** Tensors by name; values become float32 when they are asked for. */
export interface TensorSource {
  /** The file that messages name. */
  readonly path: string;
  readonly names: readonly string[];
  /** Undefined: there is no such tensor. @throws FedtuneError `model-invalid` for values that are not finite */
  read(name: string): Weight | undefined;
  shapeOf(name: string): readonly number[] | undefined;
}

type Tensors = ReadonlyMap<string, TensorView>;

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
  const tensors = new Map<string, TensorView>();
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
  const bytes = await files.read(path);
  try {
    return readSafetensors(bytes).tensors;
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
    shapeOf: (name) => tensors.get(name)?.shape,
    read(name) {
      const tensor = tensors.get(name);
      if (tensor === undefined) return undefined;
      const values = tensorToFloat32(tensor);
      checkFinite(values, { name, path });
      return { shape: tensor.shape, values };
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
