/** DistilBERT, arXiv 1910.01108; names as in HuggingFace's DistilBertForSequenceClassification. */
import { encoder } from "./bert.ts";
import type { Family } from "./family.ts";
import { checkHeads, distilbertSchema, parseConfig } from "./parse.ts";

/** Head: relu `pre_classifier` over [CLS], then `classifier`; no token types, no pooler. */
export const distilbert: Family = {
  ...encoder,
  name: "distilbert",
  prefix: "distilbert.",
  pooler: null,
  layer(index) {
    const layer = `transformer.layer.${String(index)}`;
    return {
      order: "norm-last",
      attention: {
        kind: "separate",
        query: `${layer}.attention.q_lin`,
        key: `${layer}.attention.k_lin`,
        value: `${layer}.attention.v_lin`,
      },
      attentionOutput: `${layer}.attention.out_lin`,
      attentionNorm: `${layer}.sa_layer_norm`,
      feedForward: { kind: "plain", inner: `${layer}.ffn.lin1`, outer: `${layer}.ffn.lin2` },
      feedForwardNorm: `${layer}.output_layer_norm`,
    };
  },
  parse(raw, path) {
    const fields = parseConfig(distilbertSchema, raw, path);
    const config = {
      family: "distilbert" as const,
      hiddenSize: fields.dim,
      layers: fields.n_layers,
      heads: fields.n_heads,
      intermediateSize: fields.hidden_dim,
      vocabularySize: fields.vocab_size,
      positions: fields.max_position_embeddings,
      firstPosition: 0,
      tokenTypes: 0,
      layerNormEpsilon: fields.layer_norm_eps,
      activation: fields.activation,
      padId: fields.pad_token_id ?? 0,
      pooling: fields.fedtune_pooling ?? ("cls" as const),
      decoder: null,
      image: null,
    };
    return checkHeads(config, path);
  },
  head: ({ hiddenSize }, labels) => [
    { module: "pre_classifier", in: hiddenSize, out: hiddenSize, activation: "relu", bias: true },
    { module: "classifier", in: hiddenSize, out: labels, activation: null, bias: true },
  ],
};
