/** Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with a bias at query, key and value; names as in HuggingFace's Qwen2ForCausalLM. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { Family } from "./family.ts";
import { llama, parseLlama } from "./llama.ts";

/** Without sliding windows, which the released models do not use. */
export const qwen2: Family = {
  ...llama,
  name: "qwen2",
  parse(raw, path) {
    const windowed = z.object({ use_sliding_window: z.literal(true) }).safeParse(raw).success;
    if (windowed) {
      const message = `Cannot use ${path}: use_sliding_window is true, wanted false: attention here sees the whole text`;
      throw new FedtuneError("model-invalid", message, { data: { path } });
    }
    return parseLlama(raw, path, { family: "qwen2", attentionBias: true });
  },
  hasBias: (_config, module) => /\.self_attn\.[qkv]_proj$/.test(module),
};
