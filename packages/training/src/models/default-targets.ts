/** What is adapted where nobody says. */
import type { ModelConfig } from "./family.ts";
import { familyOf } from "./registry.ts";

/**
 * The target modules of a model whose config names none: the queries and values of its attention, or the one module that
 * holds both. Where PEFT 0.21 has a default of its own (bert, roberta, gpt2, llama, qwen2) it is the same.
 */
export function defaultTargets(config: ModelConfig): readonly string[] {
  const { attention } = familyOf(config).layer(0);
  const paths =
    attention.kind === "fused" ? [attention.module] : [attention.query, attention.value];
  return paths.map((path) => path.slice(path.lastIndexOf(".") + 1));
}
