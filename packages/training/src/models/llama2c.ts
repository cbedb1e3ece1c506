/**
 * Checkpoints of the llama2.c project, in the names of the original Llama release, as if HuggingFace had written them.
 *
 * llama2.c turns pairs of neighbours (x[2i], x[2i+1]) by an angle, HuggingFace x[i] and x[i + half]: the rows of query and
 * key are put in another order, which leaves every score as it was.
 */
import { z } from "zod";
import type { TensorSource, Weight } from "./tensor-files.ts";

const schema = z.object({
  dim: z.int().positive(),
  hidden_dim: z.int().positive(),
  n_layers: z.int().positive(),
  n_heads: z.int().positive(),
  n_kv_heads: z.int().positive(),
  vocab_size: z.int().positive(),
  max_seq_len: z.int().positive(),
  rope_theta: z.number().positive().default(10_000),
  norm_eps: z.number().positive().default(1e-5),
  tied_output_embedding: z.boolean().default(true),
  eos_id: z.int().min(0).default(2),
});

/** The same configuration under HuggingFace's names; null for one that is not llama2.c's. */
export function fromLlama2c(raw: unknown): Readonly<Record<string, unknown>> | null {
  const fields = schema.safeParse(raw).data;
  if (fields === undefined) return null;
  return {
    model_type: "llama",
    hidden_size: fields.dim,
    intermediate_size: fields.hidden_dim,
    num_hidden_layers: fields.n_layers,
    num_attention_heads: fields.n_heads,
    num_key_value_heads: fields.n_kv_heads,
    vocab_size: fields.vocab_size,
    max_position_embeddings: fields.max_seq_len,
    rope_theta: fields.rope_theta,
    rms_norm_eps: fields.norm_eps,
    tie_word_embeddings: fields.tied_output_embedding,
    eos_token_id: fields.eos_id,
  };
}

/** HuggingFace's part of a path to the original's. */
const originals: readonly (readonly [RegExp, string])[] = [
  [/^embed_tokens\./, "tok_embeddings."],
  [/^lm_head\./, "output."],
  [/\.self_attn\.([qkvo])_proj\./, ".attention.w$1."],
  [/\.mlp\.gate_proj\./, ".feed_forward.w1."],
  [/\.mlp\.down_proj\./, ".feed_forward.w2."],
  [/\.mlp\.up_proj\./, ".feed_forward.w3."],
  [/\.input_layernorm\./, ".attention_norm."],
  [/\.post_attention_layernorm\./, ".ffn_norm."],
];

/** The tensors under HuggingFace's names, with query and key in its order. */
export function llama2cTensors(
  source: TensorSource,
  { headSize }: { readonly headSize: number },
): TensorSource {
  const originalOf = (name: string): string =>
    originals.reduce((path, [pattern, original]) => path.replace(pattern, original), name);
  return {
    path: source.path,
    names: source.names,
    shapeOf: (name) => source.shapeOf(originalOf(name)),
    read(name) {
      const weight = source.read(originalOf(name));
      const isTurned = /\.self_attn\.[qk]_proj\.weight$/.test(name);
      return weight !== undefined && isTurned ? halved(weight, headSize) : weight;
    },
  };
}

/** Within each head: rows 0, 2, 4, ... first, then 1, 3, 5, ... */
function halved({ shape, values }: Weight, headSize: number): Weight {
  const [rows = 0, columns = 0] = shape;
  const moved = new Float32Array(values.length);
  const half = headSize / 2;
  for (let row = 0; row < rows; row++) {
    const place = row % headSize;
    const from = row - place + (place < half ? 2 * place : 2 * (place - half) + 1);
    moved.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { shape, values: moved };
}
