/** A base model on the device: every weight uploaded once, kept until disposed. */
import * as tf from "@tensorflow/tfjs";
import type { Embedding } from "../layers/embeddings.ts";
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
  readonly embeddings: Embedding;
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
  const embeddings = uploadEmbedding(config, reader, norms);
  const words = embeddings.kind === "words" ? embeddings.words : null;
  const languageHead = uploadHead(config, weights, { reader, words });
  return {
    ...{ config, pooling, embeddings, linears, norms, languageHead },
    dispose() {
      for (const linear of linears.values()) linear.dispose();
      for (const { gamma, beta } of norms.values())
        tf.dispose(beta === null ? gamma : [gamma, beta]);
      for (const part of partsOf(embeddings)) part?.dispose();
      if (languageHead !== words) languageHead?.dispose();
    },
  };
}

type Reader = ReturnType<typeof readerOf>;

function uploadEmbedding(
  config: ModelConfig,
  reader: Reader,
  norms: ReadonlyMap<string, FrozenAnyNorm>,
): Embedding {
  const { words, positions, types, patches, embeddingNorm } = familyOf(config).outer;
  if (words !== null) {
    return {
      kind: "words",
      words: reader.matrix(words),
      positions: positions === null ? null : reader.table(positions),
      types: types === null || config.tokenTypes === 0 ? null : reader.table(types),
      norm: embeddingNorm === null ? null : (norms.get(embeddingNorm) ?? null),
      firstPosition: config.firstPosition,
    };
  }
  if (patches === null || positions === null)
    throw new RangeError(`Cannot upload family "${config.family}": it reads nothing`);
  return {
    kind: "patches",
    projection: reader.linear(patches.projection),
    classToken: reader.table(patches.classToken),
    positions: reader.table(positions),
  };
}

function partsOf(embedding: Embedding): readonly ({ dispose(): void } | null)[] {
  if (embedding.kind === "words") return [embedding.words, embedding.positions, embedding.types];
  return [embedding.projection, embedding.classToken, embedding.positions];
}

function readerOf(weights: ReadonlyMap<string, Weight>, epsilon: number, precision: BasePrecision) {
  const weight = (name: string): Weight => {
    const found = weights.get(name);
    if (found === undefined)
      throw new RangeError(`Cannot upload "${name}": the checkpoint was not checked`);
    return found;
  };
  const table = (name: string): tf.Tensor2D => {
    const { values, shape } = weight(name);
    const columns = shape.at(-1) ?? 0;
    return tf.keep(tf.tensor2d(values, [values.length / columns, columns]));
  };
  const matrix = (name: string): StoredMatrix => {
    const { values, shape } = weight(name);
    const [rows = 0, columns = 0] = shape;
    return storedMatrix(values, [rows, columns], precision);
  };
  const row = ({ values }: Weight): tf.Tensor1D => tf.keep(tf.tensor1d(values));
  const linear = (name: string): FrozenLinear => {
    const { values, shape } = weight(`${name}.weight`);
    // A convolution's weight is `[out, ...in]`.
    const [out = 0, ...inputShape] = shape;
    const inputs = inputShape.reduce((product, extent) => product * extent, 1);
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
  { reader, words }: { readonly reader: Reader; readonly words: StoredMatrix | null },
): StoredMatrix | null {
  if (decoder === null) return null;
  if (decoder.tiesEmbeddings) return words;
  const name = familyOf({ family }).outer.languageHead;
  return name === null || !weights.has(name) ? null : reader.matrix(name);
}
