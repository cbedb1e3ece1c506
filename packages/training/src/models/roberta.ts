/** RoBERTa, arXiv 1907.11692; names as in HuggingFace's RobertaForSequenceClassification. */
import { bertLayer, encoder } from "./bert.ts";
import type { Family } from "./family.ts";
import { bertSchema, checkHeads, parseConfig } from "./parse.ts";

/** Head: tanh `classifier.dense` over <s>, then `classifier.out_proj`; positions count from `padId + 1`. */
export const roberta: Family = {
  ...encoder,
  name: "roberta",
  prefix: "roberta.",
  pooler: null,
  layer: bertLayer,
  parse(raw, path) {
    const fields = parseConfig(bertSchema, raw, path);
    const padId = fields.pad_token_id ?? 1;
    const config = {
      family: "roberta" as const,
      hiddenSize: fields.hidden_size,
      layers: fields.num_hidden_layers,
      heads: fields.num_attention_heads,
      intermediateSize: fields.intermediate_size,
      vocabularySize: fields.vocab_size,
      positions: fields.max_position_embeddings,
      firstPosition: padId + 1,
      tokenTypes: fields.type_vocab_size,
      layerNormEpsilon: fields.layer_norm_eps,
      activation: fields.hidden_act,
      padId,
      pooling: fields.fedtune_pooling ?? ("cls" as const),
      decoder: null,
      image: null,
    };
    return checkHeads(config, path);
  },
  head: ({ hiddenSize }, labels) => [
    { module: "classifier.dense", in: hiddenSize, out: hiddenSize, activation: "tanh", bias: true },
    { module: "classifier.out_proj", in: hiddenSize, out: labels, activation: null, bias: true },
  ],
};
