/** Vision transformers. Dosovitskiy et al., arXiv 2010.11929; names as in the files of HuggingFace's ViTForImageClassification. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { Family, ImageConfig } from "./family.ts";
import { activations } from "./family.ts";
import { checkHeads, parseConfig, size } from "./parse.ts";

/** One side, or height and width. */
const sides = z
  .union([size.transform((side) => [side, side] as const), z.tuple([size, size])])
  .readonly();

const schema = z.object({
  image_size: sides.prefault(224),
  patch_size: size.default(16),
  num_channels: z.union([z.literal(1), z.literal(3)]).default(3),
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: z.enum(activations).default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
  qkv_bias: z.boolean().default(true),
});

/**
 * Pre-norm, a class token before the patches, a learned position for each; head: `classifier` over the class token after
 * the last norm. Images have the model's own size: positions are not interpolated.
 *
 * transformers 5 calls the modules `layers.N.attention.q_proj` and so on once they are loaded, but its files keep the
 * names that are used here.
 */
export const vit: Family = {
  name: "vit",
  prefix: "vit.",
  norm: "layer",
  storesTransposed: false,
  pooler: null,
  outer: {
    words: null,
    positions: "embeddings.position_embeddings",
    types: null,
    patches: {
      classToken: "embeddings.cls_token",
      projection: "embeddings.patch_embeddings.projection",
    },
    embeddingNorm: null,
    finalNorm: "layernorm",
    languageHead: null,
  },
  layer(index) {
    const layer = `encoder.layer.${String(index)}`;
    return {
      order: "norm-first",
      attention: {
        kind: "separate",
        query: `${layer}.attention.attention.query`,
        key: `${layer}.attention.attention.key`,
        value: `${layer}.attention.attention.value`,
      },
      attentionOutput: `${layer}.attention.output.dense`,
      attentionNorm: `${layer}.layernorm_before`,
      feedForward: {
        kind: "plain",
        inner: `${layer}.intermediate.dense`,
        outer: `${layer}.output.dense`,
      },
      feedForwardNorm: `${layer}.layernorm_after`,
    };
  },
  parse(raw, path) {
    const fields = parseConfig(schema, raw, path);
    const image = imageOf(fields, path);
    const config = {
      family: "vit" as const,
      hiddenSize: fields.hidden_size,
      layers: fields.num_hidden_layers,
      heads: fields.num_attention_heads,
      intermediateSize: fields.intermediate_size,
      vocabularySize: 0,
      positions: 1 + (image.height / image.patch) * (image.width / image.patch),
      firstPosition: 0,
      tokenTypes: 0,
      layerNormEpsilon: fields.layer_norm_eps,
      activation: fields.hidden_act,
      padId: 0,
      pooling: "cls" as const,
      decoder: null,
      image,
    };
    return checkHeads(config, path);
  },
  head: ({ hiddenSize }, labels) => [
    { module: "classifier", in: hiddenSize, out: labels, activation: null, bias: true },
  ],
  hasBias: ({ image }, module) =>
    image?.attentionBias !== false || !/\.attention\.attention\.\w+$/.test(module),
};

function imageOf(fields: z.output<typeof schema>, path: string): ImageConfig {
  const [height, width] = fields.image_size;
  const { patch_size: patch, num_channels: channels } = fields;
  if (height % patch !== 0 || width % patch !== 0) {
    const message = `Cannot use ${path}: image_size is ${height} x ${width}, wanted multiples of patch_size ${patch}`;
    throw new FedtuneError("model-invalid", message, { data: { path, height, width, patch } });
  }
  const halves = Array.from({ length: channels }, () => 0.5);
  const scaling = { rescale: 1 / 255, mean: halves, std: halves, resizes: true };
  return { height, width, channels, patch, attentionBias: fields.qkv_bias, scaling };
}
