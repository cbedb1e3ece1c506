/** Llama (Touvron et al., arXiv 2302.13971), and what is built like it, SmolLM among them; names as in HuggingFace's LlamaForCausalLM. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { Family, ModelConfig } from "./family.ts";
import { parseConfig, size, tokenIds } from "./parse.ts";

const theta = z.number().positive();

/** The fields of a Llama config that shapes and results depend on. */
const llamaSchema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
  hidden_act: z.literal("silu").default("silu"),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: theta.optional(),
  rope_scaling: z.null().optional(),
  /** Where newer files have the two above. */
  rope_parameters: z
    .object({ rope_theta: theta.optional(), rope_type: z.literal("default").optional() })
    .optional(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(false),
  pad_token_id: z.int().min(0).nullish(),
  eos_token_id: tokenIds,
});

/** What differs between the families that are built like Llama. */
export interface LlamaVariant {
  readonly family: "llama" | "qwen2";
  /** Whether query, key and value have a bias; null: as the config says. */
  readonly attentionBias: boolean | null;
}

/** @throws FedtuneError `model-invalid` naming file and field */
export function parseLlama(raw: unknown, path: string, variant: LlamaVariant): ModelConfig {
  const fields = parseConfig(llamaSchema, raw, path);
  const { num_attention_heads: heads, hidden_size: hiddenSize } = fields;
  const keyValueHeads = fields.num_key_value_heads ?? heads;
  const headSize = fields.head_dim ?? hiddenSize / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % keyValueHeads !== 0) {
    const sizes = `hidden size ${hiddenSize}, ${heads} heads, ${keyValueHeads} key/value heads, head size ${headSize}`;
    const message = `Cannot use ${path}: ${sizes}; wanted an even head size, and heads a multiple of the key/value heads`;
    throw new FedtuneError("model-invalid", message, { data: { path } });
  }
  return {
    family: variant.family,
    ...{ hiddenSize, heads },
    layers: fields.num_hidden_layers,
    intermediateSize: fields.intermediate_size,
    vocabularySize: fields.vocab_size,
    positions: fields.max_position_embeddings,
    firstPosition: 0,
    tokenTypes: 0,
    layerNormEpsilon: fields.rms_norm_eps,
    activation: fields.hidden_act,
    padId: fields.pad_token_id ?? fields.eos_token_id[0] ?? 0,
    pooling: "last",
    image: null,
    decoder: {
      keyValueHeads,
      headSize,
      rotaryTheta: fields.rope_theta ?? fields.rope_parameters?.rope_theta ?? 10_000,
      tiesEmbeddings: fields.tie_word_embeddings,
      attentionBias: variant.attentionBias ?? fields.attention_bias,
      endIds: fields.eos_token_id,
    },
  };
}

/** Pre-norm with RMSNorm, rotary positions, grouped heads, gated feed-forward; head: `score` over the last token. */
export const llama: Family = {
  name: "llama",
  prefix: "model.",
  norm: "rms",
  storesTransposed: false,
  pooler: null,
  outer: {
    words: "embed_tokens.weight",
    positions: null,
    types: null,
    patches: null,
    embeddingNorm: null,
    finalNorm: "norm",
    languageHead: "lm_head.weight",
  },
  layer(index) {
    const layer = `layers.${String(index)}`;
    return {
      order: "norm-first",
      attention: {
        kind: "separate",
        query: `${layer}.self_attn.q_proj`,
        key: `${layer}.self_attn.k_proj`,
        value: `${layer}.self_attn.v_proj`,
      },
      attentionOutput: `${layer}.self_attn.o_proj`,
      attentionNorm: `${layer}.input_layernorm`,
      feedForward: {
        kind: "gated",
        gate: `${layer}.mlp.gate_proj`,
        up: `${layer}.mlp.up_proj`,
        down: `${layer}.mlp.down_proj`,
      },
      feedForwardNorm: `${layer}.post_attention_layernorm`,
    };
  },
  parse: (raw, path) => parseLlama(raw, path, { family: "llama", attentionBias: null }),
  head: ({ hiddenSize }, labels) => [
    { module: "score", in: hiddenSize, out: labels, activation: null, bias: false },
  ],
  hasBias: ({ decoder }, module) =>
    decoder?.attentionBias === true && /\.self_attn\.[qkvo]_proj$/.test(module),
};
