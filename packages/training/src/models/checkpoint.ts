/** Loading a HuggingFace checkpoint folder: config.json and model.safetensors, checked tensor by tensor. */
import { FedtuneError } from "@fedtune/core";
import type { FileSource } from "../files.ts";
import { joinPath, readJson } from "../files.ts";
import type { Family, ModelConfig, Pooling } from "./family.ts";
import { fromLlama2c, llama2cTensors } from "./llama2c.ts";
import { allModules, wantedTensors } from "./parts.ts";
import { withPixelScaling } from "./preprocessor.ts";
import { familyOf, parseModelConfig } from "./registry.ts";
import { openTensors, transposed } from "./tensor-files.ts";
import type { TensorSource, Weight } from "./tensor-files.ts";

export type { Weight } from "./tensor-files.ts";

/** A base model on no device yet: shapes are checked, values are read when they are asked for. */
export interface Checkpoint {
  readonly config: ModelConfig;
  /** What the configuration asks for or, where it is silent, what the checkpoint has. */
  readonly pooling: Pooling;
  /**
   * By path without the family's prefix, for example `encoder.layer.0.output.dense.weight`; every one the model needs. A
   * decoder's language head is missing where the checkpoint was made for another task.
   */
  readonly weights: ReadonlyMap<string, Weight>;
  /** A trained task head that the checkpoint carries, by HuggingFace's names; often empty. */
  readonly head: ReadonlyMap<string, Weight>;
}

interface ReadConfig {
  readonly config: ModelConfig;
  /** Whether the folder is one of llama2.c. */
  readonly isLlama2c: boolean;
}

/** Reads and checks the configuration of a checkpoint folder. @throws FedtuneError `model-invalid` */
export async function loadModelConfig(files: FileSource, folder: string): Promise<ModelConfig> {
  return (await readConfig(files, folder)).config;
}

async function readConfig(files: FileSource, folder: string): Promise<ReadConfig> {
  const path = joinPath(folder, "config.json");
  if (!(await files.exists(path))) {
    const message = `Cannot load the base model: ${path} is missing; expected a folder with config.json and model.safetensors`;
    throw new FedtuneError("model-invalid", message, { data: { path } });
  }
  const raw = await readJson(files, path);
  const translated = fromLlama2c(raw);
  return {
    config: await withPixelScaling(parseModelConfig(translated ?? raw, path), files, folder),
    isLlama2c: translated !== null,
  };
}

/**
 * Loads a checkpoint folder, of one file or of shards.
 *
 * Tensor names may carry the family's prefix or not. BERT without a pooler pools by the mean over the mask, unless
 * config.json says otherwise in `fedtune_pooling`.
 *
 * @throws FedtuneError `model-invalid` naming file, tensor and wanted shape
 */
export async function loadCheckpoint(files: FileSource, folder: string): Promise<Checkpoint> {
  const { config, isLlama2c } = await readConfig(files, folder);
  const opened = await openTensors(files, folder);
  const headSize = config.decoder?.headSize ?? 1;
  const source = isLlama2c ? llama2cTensors(opened, { headSize }) : opened;
  const family = familyOf(config);
  const pooling = choosePooling(config, family, source);
  const turned = turnedWeights(config, family);
  const weights = new Map<string, Weight>();
  for (const [name, shape] of wantedTensors(config, pooling)) {
    const isOptional = name === family.outer.languageHead;
    if (isOptional && find(source, name, family) === null) continue;
    weights.set(name, pick(source, { name, shape, family, isTurned: turned.has(name) }));
  }
  return { config, pooling, weights, head: headTensors(source, family) };
}

/** Weights that the checkpoint holds as `[in, out]`. */
function turnedWeights(config: ModelConfig, family: Family): ReadonlySet<string> {
  if (!family.storesTransposed) return new Set();
  return new Set(allModules(config, config.pooling).map(({ name }) => `${name}.weight`));
}

function choosePooling(config: ModelConfig, family: Family, source: TensorSource): Pooling {
  const weight = family.pooler === null ? null : `${family.pooler}.weight`;
  const hasPooler = weight !== null && find(source, weight, family) !== null;
  if (config.pooling === null) return hasPooler ? "pooler" : "mean";
  if (config.pooling !== "pooler" || hasPooler) return config.pooling;
  const message = `Cannot load ${source.path}: config.json asks for fedtune_pooling "pooler", but the checkpoint has no ${weight ?? "pooler"}; set it to "cls" or "mean"`;
  throw new FedtuneError("model-invalid", message, { data: { path: source.path, tensor: weight } });
}

/** The name that a tensor has in the checkpoint; null: it is not there. */
function find(source: TensorSource, name: string, { prefix }: Family): string | null {
  const candidates = [name, prefix + name, legacy(name), prefix + legacy(name)];
  return candidates.find((candidate) => source.shapeOf(candidate) !== undefined) ?? null;
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
  readonly isTurned: boolean;
}

function pick(source: TensorSource, { name, shape, family, isTurned }: Wanted): Weight {
  const { path } = source;
  const stored = isTurned ? [...shape].reverse() : shape;
  const wanted = `[${stored.join(", ")}]`;
  const found = find(source, name, family);
  const there = found === null ? undefined : source.shapeOf(found);
  if (found === null || there === undefined) {
    const message = `Cannot load ${path}: tensor "${name}" of shape ${wanted} is missing (also looked for "${family.prefix}${name}")`;
    throw new FedtuneError("model-invalid", message, {
      data: { path, tensor: name, wanted: stored },
    });
  }
  if (there.length === stored.length && there.every((extent, axis) => extent === stored[axis])) {
    const kept = weightOf(source, found);
    return isTurned ? turned(kept) : kept;
  }
  const message = `Cannot load ${path}: tensor "${name}" has shape [${there.join(", ")}], config.json asks for ${wanted}`;
  throw new FedtuneError("model-invalid", message, {
    data: { path, tensor: name, shape: there, wanted: stored },
  });
}

/** A tensor that is there, read when its values are asked for. */
function weightOf(source: TensorSource, name: string): Weight {
  return {
    shape: source.shapeOf(name) ?? [],
    get values() {
      return source.read(name)?.values ?? new Float32Array();
    },
  };
}

/** The same with rows and columns exchanged, when its values are asked for. */
function turned(weight: Weight): Weight {
  return {
    shape: [...weight.shape].reverse(),
    get values() {
      return transposed(weight).values;
    },
  };
}

/** What HuggingFace calls the layers of a task head. */
const headPattern = /^(pre_classifier|classifier|score)\./;

function headTensors(source: TensorSource, family: Family): ReadonlyMap<string, Weight> {
  const isHead = (name: string): boolean =>
    headPattern.test(name) && (family.name === "distilbert" || !name.startsWith("pre_"));
  const head = new Map<string, Weight>();
  for (const name of source.names.filter(isHead)) head.set(name, weightOf(source, name));
  return head;
}
