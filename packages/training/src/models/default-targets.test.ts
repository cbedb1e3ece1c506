import { expect, test } from "vitest";
import { defaultTargets } from "./default-targets.ts";
import { resolveTargets } from "./describe.ts";
import type { ModelConfig } from "./family.ts";
import { families, parseModelConfig } from "./registry.ts";

const encoder = {
  ...{ vocab_size: 11, max_position_embeddings: 16, hidden_size: 8, num_hidden_layers: 2 },
  ...{ num_attention_heads: 2, intermediate_size: 12, type_vocab_size: 1, pad_token_id: 1 },
};
const configs: Readonly<Record<ModelConfig["family"], object>> = {
  bert: encoder,
  roberta: encoder,
  distilbert: {
    vocab_size: 11,
    max_position_embeddings: 16,
    dim: 8,
    n_layers: 2,
    n_heads: 2,
    hidden_dim: 12,
  },
  gpt2: { vocab_size: 11, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2, eos_token_id: 0 },
  llama: { ...encoder, rms_norm_eps: 1e-5, eos_token_id: 0, bos_token_id: 0 },
  qwen2: { ...encoder, rms_norm_eps: 1e-5, eos_token_id: 0, bos_token_id: 0 },
  vit: { ...encoder, image_size: 8, patch_size: 4, num_channels: 3 },
};

/** PEFT 0.21.2, TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING; it has none for distilbert and vit. */
const peft: Readonly<Record<string, readonly string[]>> = {
  bert: ["query", "value"],
  roberta: ["query", "value"],
  gpt2: ["c_attn"],
  llama: ["q_proj", "v_proj"],
  qwen2: ["q_proj", "v_proj"],
};
const ours: typeof peft = { distilbert: ["q_lin", "v_lin"], vit: ["query", "value"] };

test.each(families.map(({ name }) => name))(
  "[TN13] %s without target modules is adapted where PEFT would",
  (name) => {
    const config = parseModelConfig({ model_type: name, ...configs[name] });
    const targets = defaultTargets(config);
    expect(targets).toEqual(peft[name] ?? ours[name]);
    expect(resolveTargets(config, targets)).toHaveLength(targets.length * config.layers);
  },
);
