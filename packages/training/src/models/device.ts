/** A base model on the device: every weight uploaded once, kept until disposed. */
import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTables } from "../layers/embeddings.ts";
import type { FrozenNorm } from "../layers/layer-norm.ts";
import type { FrozenLinear } from "../layers/linear.ts";
import { frozenLinear } from "../layers/linear.ts";
import type { Checkpoint, Weight } from "./checkpoint.ts";
import type { ModelConfig, Pooling } from "./family.ts";
import { familyOf } from "./registry.ts";

/** A frozen encoder as tensors. */
export interface DeviceModel {
  readonly config: ModelConfig;
  readonly pooling: Pooling;
  readonly embeddings: EmbeddingTables;
  /** Every linear layer by its module path. */
  readonly linears: ReadonlyMap<string, FrozenLinear>;
  /** Every layer norm by its module path. */
  readonly norms: ReadonlyMap<string, FrozenNorm>;
  dispose(): void;
}

/** Uploads a checkpoint to the current backend. The caller disposes the result. */
export function uploadModel({ config, pooling, weights }: Checkpoint): DeviceModel {
  const reader = readerOf(weights);
  const family = familyOf(config);
  const linears = new Map<string, FrozenLinear>();
  const norms = new Map<string, FrozenNorm>();
  const linear = (name: string): unknown => linears.set(name, reader.linear(name));
  const norm = (name: string): unknown =>
    norms.set(name, reader.norm(name, config.layerNormEpsilon));
  for (let index = 0; index < config.layers; index++) {
    const names = family.layer(index);
    for (const name of [
      names.query,
      names.key,
      names.value,
      names.attentionOutput,
      names.intermediate,
      names.output,
    ])
      linear(name);
    for (const name of [names.attentionNorm, names.outputNorm]) norm(name);
  }
  if (pooling === "pooler" && family.pooler !== null) linear(family.pooler);
  const embeddings = uploadEmbeddings(reader, config);
  return {
    config,
    pooling,
    embeddings,
    linears,
    norms,
    dispose: () => disposeAll({ embeddings, linears, norms }),
  };
}

type Reader = ReturnType<typeof readerOf>;

function readerOf(weights: ReadonlyMap<string, Weight>) {
  const weight = (name: string): Weight => {
    const found = weights.get(name);
    if (found === undefined)
      throw new RangeError(`Cannot upload "${name}": the checkpoint was not checked`);
    return found;
  };
  const table = (name: string): tf.Tensor2D => {
    const { values, shape } = weight(name);
    const [rows = 0, columns = 0] = shape;
    return tf.keep(tf.tensor2d(values, [rows, columns]));
  };
  const row = (name: string): tf.Tensor1D => tf.keep(tf.tensor1d(weight(name).values));
  const linear = (name: string): FrozenLinear => {
    const { values, shape } = weight(`${name}.weight`);
    const [out = 0, inputs = 0] = shape;
    return frozenLinear(values, weight(`${name}.bias`).values, [out, inputs]);
  };
  const norm = (name: string, epsilon: number): FrozenNorm => ({
    gamma: row(`${name}.weight`),
    beta: row(`${name}.bias`),
    epsilon,
  });
  return { table, linear, norm };
}

function uploadEmbeddings(reader: Reader, config: ModelConfig): EmbeddingTables {
  return {
    words: reader.table("embeddings.word_embeddings.weight"),
    positions: reader.table("embeddings.position_embeddings.weight"),
    types: config.tokenTypes === 0 ? null : reader.table("embeddings.token_type_embeddings.weight"),
    norm: reader.norm("embeddings.LayerNorm", config.layerNormEpsilon),
    firstPosition: config.firstPosition,
  };
}

function disposeAll({
  embeddings,
  linears,
  norms,
}: Pick<DeviceModel, "embeddings" | "linears" | "norms">): void {
  for (const linear of linears.values()) linear.dispose();
  for (const { gamma, beta } of [...norms.values(), embeddings.norm]) tf.dispose([gamma, beta]);
  embeddings.words.dispose();
  embeddings.positions.dispose();
  embeddings.types?.dispose();
}
