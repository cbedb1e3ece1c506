/** Which weights a model consists of, from its configuration alone. */
import type { LinearModule } from "@fedtune/core";
import type { LayerParts, ModelConfig, Pooling } from "./family.ts";
import { familyOf } from "./registry.ts";

/** A layer's linear modules in the order in which data passes them; those of one group see the same input. */
export function moduleGroups({
  attention,
  attentionOutput,
  feedForward,
}: LayerParts): readonly (readonly string[])[] {
  const first =
    attention.kind === "fused"
      ? [attention.module]
      : [attention.query, attention.key, attention.value];
  const second =
    feedForward.kind === "plain"
      ? [[feedForward.inner], [feedForward.outer]]
      : [[feedForward.gate, feedForward.up], [feedForward.down]];
  return [first, [attentionOutput], ...second];
}

/** Numbers of all heads of queries, and of all heads of keys. */
export function attentionWidths(config: ModelConfig): {
  readonly query: number;
  readonly key: number;
} {
  const { hiddenSize, heads, decoder } = config;
  const size = decoder?.headSize ?? hiddenSize / heads;
  return { query: heads * size, key: (decoder?.keyValueHeads ?? heads) * size };
}

/** The linear modules of one layer, in model order. */
function layerModules(config: ModelConfig, index: number): readonly LinearModule[] {
  const { attention, attentionOutput, feedForward } = familyOf(config).layer(index);
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const { query, key } = attentionWidths(config);
  const module = (name: string, inputs: number, out: number): LinearModule => ({
    ...{ name, in: inputs, out },
  });
  const first =
    attention.kind === "fused"
      ? [module(attention.module, hidden, query + 2 * key)]
      : [
          module(attention.query, hidden, query),
          module(attention.key, hidden, key),
          module(attention.value, hidden, key),
        ];
  const second =
    feedForward.kind === "plain"
      ? [module(feedForward.inner, hidden, inner), module(feedForward.outer, inner, hidden)]
      : [
          module(feedForward.gate, hidden, inner),
          module(feedForward.up, hidden, inner),
          module(feedForward.down, inner, hidden),
        ];
  return [...first, module(attentionOutput, query, hidden), ...second];
}

/** Every linear module, in model order: the layers', then BERT's pooler where it is used. */
export function allModules(config: ModelConfig, pooling: Pooling | null): readonly LinearModule[] {
  const { pooler } = familyOf(config);
  const layers = Array.from({ length: config.layers }, (_, index) => layerModules(config, index));
  const { hiddenSize: size } = config;
  const last =
    pooler === null || pooling !== "pooler" ? [] : [{ name: pooler, in: size, out: size }];
  return [...layers.flat(), ...last];
}

/** Paths of all norms, in model order. */
export function normNames(config: ModelConfig): readonly string[] {
  const family = familyOf(config);
  const { outer } = family;
  const layers = Array.from({ length: config.layers }, (_, index) => family.layer(index));
  return [
    ...(outer.embeddingNorm === null ? [] : [outer.embeddingNorm]),
    ...layers.flatMap(({ attentionNorm, feedForwardNorm }) => [attentionNorm, feedForwardNorm]),
    ...(outer.finalNorm === null ? [] : [outer.finalNorm]),
  ];
}

/** Tables of words, positions and types, each `[rows, hidden]`, and the language head where it has weights of its own. */
function tables(config: ModelConfig): ReadonlyMap<string, readonly [number, number]> {
  const { outer } = familyOf(config);
  const { hiddenSize: hidden, vocabularySize, positions, tokenTypes, decoder } = config;
  const rows: [string | null, number][] = [
    [outer.words, vocabularySize],
    [outer.positions, positions],
    [outer.types, tokenTypes],
    [decoder?.tiesEmbeddings === false ? outer.languageHead : null, vocabularySize],
  ];
  return new Map(
    rows.flatMap(([name, count]) =>
      name === null || count === 0 ? [] : [[name, [count, hidden]]],
    ),
  );
}

/** What makes tokens of images, in the shapes of a convolution and of batches of one, as HuggingFace stores them. */
function patchTensors(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const { positions, patches } = familyOf(config).outer;
  const { hiddenSize: hidden, image } = config;
  if (patches === null || positions === null || image === null) return new Map();
  const { patch, channels } = image;
  return new Map([
    [patches.classToken, [1, 1, hidden]],
    [positions, [1, config.positions, hidden]],
    [`${patches.projection}.weight`, [hidden, channels, patch, patch]],
    [`${patches.projection}.bias`, [hidden]],
  ]);
}

/** Every tensor of the model with its wanted shape, in model order; linear weights are `[out, in]`. */
export function wantedTensors(
  config: ModelConfig,
  pooling: Pooling,
): ReadonlyMap<string, readonly number[]> {
  const family = familyOf(config);
  const wanted = new Map<string, readonly number[]>(
    config.image === null ? tables(config) : patchTensors(config),
  );
  for (const { name, in: inputs, out } of allModules(config, pooling)) {
    wanted.set(`${name}.weight`, [out, inputs]);
    if (family.hasBias(config, name)) wanted.set(`${name}.bias`, [out]);
  }
  for (const name of normNames(config)) {
    wanted.set(`${name}.weight`, [config.hiddenSize]);
    if (family.norm === "layer") wanted.set(`${name}.bias`, [config.hiddenSize]);
  }
  return wanted;
}
