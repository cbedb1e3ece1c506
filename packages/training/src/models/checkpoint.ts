/** Loading a HuggingFace checkpoint folder: config.json and model.safetensors, checked tensor by tensor. */
import { asFedtuneError, FedtuneError, readSafetensors, tensorToFloat32 } from "@fedtune/core";
import type { FileSource } from "../files.ts";
import { joinPath, readJson } from "../files.ts";
import type { Family, ModelConfig, Pooling } from "./family.ts";
import { familyOf, parseModelConfig } from "./registry.ts";

/** One weight with its shape, row-major. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A base model in memory, on no device yet. */
export interface Checkpoint {
  readonly config: ModelConfig;
  /** What the configuration asks for or, where it is silent, what the checkpoint has. */
  readonly pooling: Pooling;
  /** By path without the family's prefix, for example `encoder.layer.0.output.dense.weight`; every one the model needs. */
  readonly weights: ReadonlyMap<string, Weight>;
  /** A trained task head that the checkpoint carries, by HuggingFace's names; often empty. */
  readonly head: ReadonlyMap<string, Weight>;
}

type Tensors = ReturnType<typeof readSafetensors>["tensors"];

/** Reads and checks the configuration of a checkpoint folder. @throws FedtuneError `model-invalid` */
export async function loadModelConfig(files: FileSource, folder: string): Promise<ModelConfig> {
  const path = await required(files, joinPath(folder, "config.json"));
  return parseModelConfig(await readJson(files, path), path);
}

/**
 * Loads a checkpoint folder.
 *
 * Tensor names may carry the family's prefix or not. BERT without a pooler pools by the mean over the mask, unless
 * config.json says otherwise in `fedtune_pooling`.
 *
 * @throws FedtuneError `model-invalid` naming file, tensor and wanted shape
 */
export async function loadCheckpoint(files: FileSource, folder: string): Promise<Checkpoint> {
  const config = await loadModelConfig(files, folder);
  const path = await required(files, joinPath(folder, "model.safetensors"));
  const tensors = await readTensors(files, path);
  const family = familyOf(config);
  const pooling = choosePooling(config, family, { tensors, path });
  const weights = new Map<string, Weight>();
  for (const [name, shape] of wantedTensors(config, pooling))
    weights.set(name, pick(tensors, { name, shape, family, path }));
  return { config, pooling, weights, head: headTensors(tensors, family) };
}

async function required(files: FileSource, path: string): Promise<string> {
  if (await files.exists(path)) return path;
  throw new FedtuneError(
    "model-invalid",
    `Cannot load the base model: ${path} is missing; expected a folder with config.json and model.safetensors`,
    {
      data: { path },
    },
  );
}

async function readTensors(files: FileSource, path: string): Promise<Tensors> {
  const bytes = await files.read(path);
  try {
    return readSafetensors(bytes).tensors;
  } catch (error) {
    const cause = asFedtuneError(error);
    throw new FedtuneError("model-invalid", `Cannot load ${path}: ${cause.message}`, {
      data: { ...cause.data, path },
      cause,
    });
  }
}

/** Every tensor of the model with its wanted shape, in model order. */
export function wantedTensors(
  config: ModelConfig,
  pooling: Pooling,
): ReadonlyMap<string, readonly number[]> {
  const family = familyOf(config);
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const wanted = new Map<string, readonly number[]>();
  const linear = (name: string, out: number, inputs: number): unknown =>
    wanted.set(`${name}.weight`, [out, inputs]).set(`${name}.bias`, [out]);
  const norm = (name: string): unknown =>
    wanted.set(`${name}.weight`, [hidden]).set(`${name}.bias`, [hidden]);
  wanted.set("embeddings.word_embeddings.weight", [config.vocabularySize, hidden]);
  wanted.set("embeddings.position_embeddings.weight", [config.positions, hidden]);
  if (config.tokenTypes > 0)
    wanted.set("embeddings.token_type_embeddings.weight", [config.tokenTypes, hidden]);
  norm("embeddings.LayerNorm");
  for (let index = 0; index < config.layers; index++) {
    const names = family.layer(index);
    for (const name of [names.query, names.key, names.value, names.attentionOutput])
      linear(name, hidden, hidden);
    norm(names.attentionNorm);
    linear(names.intermediate, inner, hidden);
    linear(names.output, hidden, inner);
    norm(names.outputNorm);
  }
  if (pooling === "pooler" && family.pooler !== null) linear(family.pooler, hidden, hidden);
  return wanted;
}

function choosePooling(
  config: ModelConfig,
  family: Family,
  source: { tensors: Tensors; path: string },
): Pooling {
  const weight = family.pooler === null ? null : `${family.pooler}.weight`;
  const hasPooler = weight !== null && find(source.tensors, weight, family) !== undefined;
  if (config.pooling === null) return hasPooler ? "pooler" : "mean";
  if (config.pooling !== "pooler" || hasPooler) return config.pooling;
  const message = `Cannot load ${source.path}: config.json asks for fedtune_pooling "pooler", but the checkpoint has no ${weight ?? "pooler"}; set it to "cls" or "mean"`;
  throw new FedtuneError("model-invalid", message, { data: { path: source.path, tensor: weight } });
}

function find(tensors: Tensors, name: string, family: Family) {
  return (
    tensors.get(name) ??
    tensors.get(family.prefix + name) ??
    tensors.get(legacy(name)) ??
    tensors.get(family.prefix + legacy(name))
  );
}

/** Layer norms are `gamma` and `beta` in checkpoints that began in TensorFlow. */
function legacy(name: string): string {
  return name
    .replace(/LayerNorm\.weight$/, "LayerNorm.gamma")
    .replace(/LayerNorm\.bias$/, "LayerNorm.beta");
}

interface Wanted {
  readonly name: string;
  readonly shape: readonly number[];
  readonly family: Family;
  readonly path: string;
}

function pick(tensors: Tensors, { name, shape, family, path }: Wanted): Weight {
  const tensor = find(tensors, name, family);
  const wanted = `[${shape.join(", ")}]`;
  if (tensor === undefined) {
    const message = `Cannot load ${path}: tensor "${name}" of shape ${wanted} is missing (also looked for "${family.prefix}${name}")`;
    throw new FedtuneError("model-invalid", message, {
      data: { path, tensor: name, wanted: shape },
    });
  }
  if (
    tensor.shape.length === shape.length &&
    tensor.shape.every((extent, axis) => extent === shape[axis])
  ) {
    return { shape, values: tensorToFloat32(tensor) };
  }
  const message = `Cannot load ${path}: tensor "${name}" has shape [${tensor.shape.join(", ")}], config.json asks for ${wanted}`;
  throw new FedtuneError("model-invalid", message, {
    data: { path, tensor: name, shape: tensor.shape, wanted: shape },
  });
}

function headTensors(tensors: Tensors, family: Family): ReadonlyMap<string, Weight> {
  const pattern = family.name === "distilbert" ? /^(pre_)?classifier\./ : /^classifier\./;
  const head = new Map<string, Weight>();
  for (const [name, tensor] of tensors) {
    if (pattern.test(name))
      head.set(name, { shape: tensor.shape, values: tensorToFloat32(tensor) });
  }
  return head;
}
