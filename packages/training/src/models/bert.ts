/** BERT, and MiniLM, which has its architecture. Devlin et al., arXiv 1810.04805; names as in HuggingFace's BertForSequenceClassification. */
import type { Family, LayerNames } from "./family.ts";
import { bertSchema, checkHeads, parseConfig } from "./parse.ts";

/** Paths of a BERT layer, which RoBERTa shares. */
export function bertLayer(index: number): LayerNames {
  const layer = `encoder.layer.${String(index)}`;
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attentionOutput: `${layer}.attention.output.dense`,
    attentionNorm: `${layer}.attention.output.LayerNorm`,
    intermediate: `${layer}.intermediate.dense`,
    output: `${layer}.output.dense`,
    outputNorm: `${layer}.output.LayerNorm`,
  };
}

/** Head: the frozen tanh pooler over [CLS] when the checkpoint has one, then `classifier`. */
export const bert: Family = {
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
    };
    return checkHeads(config, path);
  },
  head: (config, labels) => [
    { module: "classifier", in: config.hiddenSize, out: labels, activation: null },
  ],
};
