/** What the three encoder families have in common, and what each file of a family fills in. */

/** How an encoder's last hidden states become one vector per example. */
export type Pooling = "pooler" | "cls" | "mean";

/** Pointwise functions of the feed-forward layers, under HuggingFace's names. */
export const activations = ["gelu", "gelu_new", "relu"] as const;
/** One of {@link activations}. */
export type Activation = (typeof activations)[number];

/** A model configuration in our own words; everything shapes and names depend on. */
export interface ModelConfig {
  readonly family: "bert" | "roberta" | "distilbert";
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
  /** Rows of the position table. */
  readonly positions: number;
  /** Position of the first token: RoBERTa counts from `padId + 1`. */
  readonly firstPosition: number;
  /** Rows of the token type table; 0 where there is none. */
  readonly tokenTypes: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
  readonly padId: number;
  /** Null leaves it to the checkpoint: with a pooler `pooler`, without one `mean`. */
  readonly pooling: Pooling | null;
}

/** Longest sequence that the position table allows, special tokens included. */
export function maxTokens(config: ModelConfig): number {
  return config.positions - config.firstPosition;
}

/** Paths of one transformer layer, without the family's prefix. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
}

/** A dense layer of the task head: `y = activation(W x + b)`, W is `[out, in]`. */
export interface HeadLayer {
  /** Path of the module, for example `classifier` or `classifier.out_proj`. */
  readonly module: string;
  readonly in: number;
  readonly out: number;
  readonly activation: "tanh" | "relu" | null;
}

/** One model family: names and shapes, no tensors. */
export interface Family {
  /** HuggingFace's `model_type`. */
  readonly name: ModelConfig["family"];
  /** What HuggingFace puts before encoder paths in a classification checkpoint, for example `bert.`. */
  readonly prefix: string;
  /** @throws FedtuneError `model-invalid` */
  parse(raw: unknown, path: string): ModelConfig;
  /** Paths of layer `index`. */
  layer(index: number): LayerNames;
  /** Path of the pooler's dense layer, or null where the family has none. */
  readonly pooler: string | null;
  /** The task head over a pooled vector, in order. */
  head(config: ModelConfig, labels: number): readonly HeadLayer[];
}
