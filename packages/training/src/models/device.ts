/** A base model on the device: every weight uploaded once, kept until disposed. */
import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTables } from "../layers/embeddings.ts";
import type { FrozenLinear } from "../layers/linear.ts";
import { frozenLinear } from "../layers/linear.ts";
import type { FrozenAnyNorm } from "../layers/norm.ts";
import { storedMatrix } from "../layers/stored-matrix.ts";
import type { BasePrecision, StoredMatrix } from "../layers/stored-matrix.ts";
import type { Checkpoint, Weight } from "./checkpoint.ts";
import type { ModelConfig, Pooling } from "./family.ts";
import { allModules, normNames } from "./parts.ts";
import { familyOf } from "./registry.ts";

/** A frozen model as tensors. */
export interface DeviceModel {
  readonly config: ModelConfig;
  readonly pooling: Pooling;
  readonly embeddings: EmbeddingTables;
  /** Every linear layer by its module path. */
  readonly linears: ReadonlyMap<string, FrozenLinear>;
  /** Every norm by its module path. */
  readonly norms: ReadonlyMap<string, FrozenAnyNorm>;
  /** `[vocabulary, hidden]`: gives the logits of the next token; null where the checkpoint has none. */
  readonly languageHead: StoredMatrix | null;
  dispose(): void;
}

/** Uploads a checkpoint to the current backend, in float32 unless told otherwise. The caller disposes the result. */
export function uploadModel(
  { config, pooling, weights }: Checkpoint,
  precision: BasePrecision = "f32",
): DeviceModel {
  const reader = readerOf(weights, config.layerNormEpsilon, precision);
  const linears = new Map(
    allModules(config, pooling).map(({ name }) => [name, reader.linear(name)]),
  );
  const norms = new Map(normNames(config).map((name) => [name, reader.norm(name)]));
  const { outer } = familyOf(config);
  const embeddings: EmbeddingTables = {
    words: reader.matrix(outer.words),
    positions: outer.positions === null ? null : reader.table(outer.positions),
    types: outer.types === null || config.tokenTypes === 0 ? null : reader.table(outer.types),
    norm: outer.embeddingNorm === null ? null : (norms.get(outer.embeddingNorm) ?? null),
    firstPosition: config.firstPosition,
  };
  const languageHead = uploadHead(config, weights, { reader, words: embeddings.words });
  return {
    ...{ config, pooling, embeddings, linears, norms, languageHead },
    dispose() {
      for (const linear of linears.values()) linear.dispose();
      for (const { gamma, beta } of norms.values())
        tf.dispose(beta === null ? gamma : [gamma, beta]);
      for (const table of [embeddings.words, embeddings.positions, embeddings.types])
        table?.dispose();
      if (languageHead !== embeddings.words) languageHead?.dispose();
    },
  };
}

type Reader = ReturnType<typeof readerOf>;

function readerOf(weights: ReadonlyMap<string, Weight>, epsilon: number, precision: BasePrecision) {
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
  const matrix = (name: string): StoredMatrix => {
    const { values, shape } = weight(name);
    const [rows = 0, columns = 0] = shape;
    return storedMatrix(values, [rows, columns], precision);
  };
  const row = ({ values }: Weight): tf.Tensor1D => tf.keep(tf.tensor1d(values));
  const linear = (name: string): FrozenLinear => {
    const { values, shape } = weight(`${name}.weight`);
    const [out = 0, inputs = 0] = shape;
    const bias = weights.get(`${name}.bias`)?.values ?? null;
    return frozenLinear({ weight: values, bias, shape: [out, inputs] }, precision);
  };
  const norm = (name: string): FrozenAnyNorm => {
    const beta = weights.get(`${name}.bias`);
    return {
      gamma: row(weight(`${name}.weight`)),
      beta: beta === undefined ? null : row(beta),
      epsilon,
    };
  };
  return { table, matrix, linear, norm };
}

function uploadHead(
  { decoder, family }: ModelConfig,
  weights: ReadonlyMap<string, Weight>,
  { reader, words }: { readonly reader: Reader; readonly words: StoredMatrix },
): StoredMatrix | null {
  if (decoder === null) return null;
  if (decoder.tiesEmbeddings) return words;
  const name = familyOf({ family }).outer.languageHead;
  return name === null || !weights.has(name) ? null : reader.matrix(name);
}
