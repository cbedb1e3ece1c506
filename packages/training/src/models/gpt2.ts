/** GPT-2 (Radford et al., 2019); names as in HuggingFace's GPT2LMHeadModel and GPT2ForSequenceClassification. */
import { z } from "zod";
import type { Family } from "./family.ts";
import { activations } from "./family.ts";
import { checkHeads, parseConfig, size, tokenIds } from "./parse.ts";

const schema = z.object({
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: z.enum(activations).default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
  pad_token_id: z.int().min(0).nullish(),
  eos_token_id: tokenIds,
});

/** Pre-norm, one module for query, key and value, weights stored as `[in, out]`; head: `score` over the last token. */
export const gpt2: Family = {
  name: "gpt2",
  prefix: "transformer.",
  norm: "layer",
  storesTransposed: true,
  pooler: null,
  outer: {
    words: "wte.weight",
    positions: "wpe.weight",
    types: null,
    patches: null,
    embeddingNorm: null,
    finalNorm: "ln_f",
    languageHead: "lm_head.weight",
  },
  layer(index) {
    const layer = `h.${String(index)}`;
    return {
      order: "norm-first",
      attention: { kind: "fused", module: `${layer}.attn.c_attn` },
      attentionOutput: `${layer}.attn.c_proj`,
      attentionNorm: `${layer}.ln_1`,
      feedForward: { kind: "plain", inner: `${layer}.mlp.c_fc`, outer: `${layer}.mlp.c_proj` },
      feedForwardNorm: `${layer}.ln_2`,
    };
  },
  parse(raw, path) {
    const fields = parseConfig(schema, raw, path);
    const config = {
      family: "gpt2" as const,
      hiddenSize: fields.n_embd,
      layers: fields.n_layer,
      heads: fields.n_head,
      intermediateSize: fields.n_inner ?? 4 * fields.n_embd,
      vocabularySize: fields.vocab_size,
      positions: fields.n_positions,
      firstPosition: 0,
      tokenTypes: 0,
      layerNormEpsilon: fields.layer_norm_epsilon,
      activation: fields.activation_function,
      padId: fields.pad_token_id ?? fields.eos_token_id[0] ?? 0,
      pooling: "last" as const,
      image: null,
    };
    const { hiddenSize, heads } = checkHeads(config, path);
    return {
      ...config,
      decoder: {
        keyValueHeads: heads,
        headSize: hiddenSize / heads,
        rotaryTheta: null,
        tiesEmbeddings: fields.tie_word_embeddings,
        attentionBias: true,
        endIds: fields.eos_token_id,
      },
    };
  },
  head: ({ hiddenSize }, labels) => [
    { module: "score", in: hiddenSize, out: labels, activation: null, bias: false },
  ],
  hasBias: () => true,
};
