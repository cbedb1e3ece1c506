/** BERT, and MiniLM, which has its architecture. Devlin et al., arXiv 1810.04805; names as in HuggingFace's BertForSequenceClassification. */
import type { Family, LayerParts, OuterParts } from "./family.ts";
import { bertSchema, checkHeads, parseConfig } from "./parse.ts";

/** Paths of a BERT layer, which RoBERTa shares. */
export function bertLayer(index: number): LayerParts {
  const layer = `encoder.layer.${String(index)}`;
  return {
    order: "norm-last",
    attention: {
      kind: "separate",
      query: `${layer}.attention.self.query`,
      key: `${layer}.attention.self.key`,
      value: `${layer}.attention.self.value`,
    },
    attentionOutput: `${layer}.attention.output.dense`,
    attentionNorm: `${layer}.attention.output.LayerNorm`,
    feedForward: {
      kind: "plain",
      inner: `${layer}.intermediate.dense`,
      outer: `${layer}.output.dense`,
    },
    feedForwardNorm: `${layer}.output.LayerNorm`,
  };
}

/** What stands before the layers of an encoder; HuggingFace's names are the same for all of them. */
const encoderOuter: OuterParts = {
  words: "embeddings.word_embeddings.weight",
  positions: "embeddings.position_embeddings.weight",
  types: "embeddings.token_type_embeddings.weight",
  patches: null,
  embeddingNorm: "embeddings.LayerNorm",
  finalNorm: null,
  languageHead: null,
};

/** What all encoders here have in common: layer norm, plain weights, a bias everywhere. */
export const encoder = {
  norm: "layer",
  storesTransposed: false,
  outer: encoderOuter,
  hasBias: () => true,
} as const satisfies Partial<Family>;

/** Head: the frozen tanh pooler over [CLS] when the checkpoint has one, then `classifier`. */
export const bert: Family = {
  ...encoder,
  name: "bert",
  prefix: "bert.",
  pooler: "pooler.dense",
  layer: bertLayer,
  parse(raw, path) {
    const fields = parseConfig(bertSchema, raw, path);
    const config = {
      family: "bert" as const,
      hiddenSize: fields.hidden_size,
      layers: fields.num_hidden_layers,
      heads: fields.num_attention_heads,
      intermediateSize: fields.intermediate_size,
      vocabularySize: fields.vocab_size,
      positions: fields.max_position_embeddings,
      firstPosition: 0,
      tokenTypes: fields.type_vocab_size,
      layerNormEpsilon: fields.layer_norm_eps,
      activation: fields.hidden_act,
      padId: fields.pad_token_id ?? 0,
      pooling: fields.fedtune_pooling ?? null,
      decoder: null,
      image: null,
    };
    return checkHeads(config, path);
  },
  head: (config, labels) => [
    { module: "classifier", in: config.hiddenSize, out: labels, activation: null, bias: true },
  ],
};
