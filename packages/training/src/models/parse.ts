/** Reading HuggingFace's config.json. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import { activations } from "./family.ts";

/** A size in a config. */
export const size = z.int().positive().max(1_000_000);

/** One id or several, as `eos_token_id` may be. */
export const tokenIds = z
  .union([z.int().min(0), z.array(z.int().min(0))])
  .nullish()
  .transform((ids) => (typeof ids === "number" ? [ids] : (ids ?? [])));

/** Fields that every family may have; unknown ones are ignored, since checkpoints carry many. */
const sharedFields = {
  hidden_act: z.enum(activations).default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().min(0).nullish(),
  position_embedding_type: z.literal("absolute").default("absolute"),
  /** Our own field: how hidden states become one vector, recorded when a checkpoint is made. */
  fedtune_pooling: z.enum(["pooler", "cls", "mean"]).nullish(),
  vocab_size: size,
  max_position_embeddings: size,
};

/** Sizes under BERT's names, which RoBERTa shares. */
export const bertSchema = z.object({
  ...sharedFields,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  type_vocab_size: size.default(2),
});

/** Sizes under DistilBERT's names. */
export const distilbertSchema = z.object({
  ...sharedFields,
  activation: z.enum(activations).default("gelu"),
  dim: size,
  n_layers: size,
  n_heads: size,
  hidden_dim: size,
});

/**
 * Parses a config with the family's schema.
 *
 * @throws FedtuneError `model-invalid` naming file and field
 */
export function parseConfig<T>(schema: z.ZodType<T>, raw: unknown, path: string): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new FedtuneError("model-invalid", `Cannot use ${path}: ${reasons.join("; ")}`, {
    data: { path, reasons },
  });
}

/** @throws FedtuneError `model-invalid` when the hidden size does not split into heads */
export function checkHeads<T extends { readonly hiddenSize: number; readonly heads: number }>(
  config: T,
  path: string,
): T {
  if (config.hiddenSize % config.heads === 0) return config;
  const sizes = `hidden size ${String(config.hiddenSize)} is not a multiple of ${String(config.heads)} heads`;
  throw new FedtuneError("model-invalid", `Cannot use ${path}: ${sizes}`, { data: { path } });
}
