/** What the model families have in common, and what each file of a family fills in. */

/** How a model's last hidden states become one vector per example; `last` is that of the last token. */
export type Pooling = "pooler" | "cls" | "mean" | "last";

/** Pointwise functions of the feed-forward layers, under HuggingFace's names. */
export const activations = ["gelu", "gelu_new", "relu", "silu"] as const;
/** One of {@link activations}. */
export type Activation = (typeof activations)[number];

/** What a decoder has that an encoder has not. */
export interface DecoderConfig {
  /** Heads of keys and values; each serves `heads / keyValueHeads` heads of queries. Ainslie et al., arXiv 2305.13245. */
  readonly keyValueHeads: number;
  /** Numbers per head. */
  readonly headSize: number;
  /** Base of the rotary angles; null: positions are a learned table. Su et al., arXiv 2104.09864. */
  readonly rotaryTheta: number | null;
  /** Whether the words' table gives the logits too. */
  readonly tiesEmbeddings: boolean;
  /** Whether query, key and value have a bias; GPT-2 has one everywhere. */
  readonly attentionBias: boolean;
  /** Ends a text that is generated; null: the checkpoint names none. */
  readonly endIds: readonly number[];
}

/** What a model of images has that one of texts has not. */
export interface ImageConfig {
  /** Of the images that it takes. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Side of a patch in pixels; each patch is a token, after the class token. Dosovitskiy et al., arXiv 2010.11929. */
  readonly patch: number;
  /** Whether query, key and value have a bias. */
  readonly attentionBias: boolean;
  /** How bytes become numbers; parsing alone gives HuggingFace's defaults, a checkpoint folder its own. */
  readonly scaling: PixelScaling;
}

/** `(byte * rescale - mean) / std` per channel, as HuggingFace's image processors have it. */
export interface PixelScaling {
  readonly rescale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether images of other sizes are scaled to the model's, or refused. */
  readonly resizes: boolean;
}

/** A model configuration in our own words; everything shapes and names depend on. */
export interface ModelConfig {
  readonly family: "bert" | "roberta" | "distilbert" | "gpt2" | "llama" | "qwen2" | "vit";
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** 0: it reads no texts. */
  readonly vocabularySize: number;
  /** Longest sequence, counted as the position table is. */
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
  /** Null: an encoder, in which every token sees every other. */
  readonly decoder: DecoderConfig | null;
  /** Null: it reads texts. */
  readonly image: ImageConfig | null;
}

/** Longest sequence that the model takes, special tokens included. */
export function maxTokens(config: ModelConfig): number {
  return config.positions - config.firstPosition;
}

/** Paths of one transformer layer, without the family's prefix. */
export interface LayerParts {
  /** Post-norm as in BERT, or pre-norm, where sums are never normalised themselves. Xiong et al., arXiv 2002.04745. */
  readonly order: "norm-last" | "norm-first";
  /** Three modules, or one whose outputs stand one after the other. */
  readonly attention:
    | {
        readonly kind: "separate";
        readonly query: string;
        readonly key: string;
        readonly value: string;
      }
    | { readonly kind: "fused"; readonly module: string };
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  /** `outer(activation(inner x))`, or `down(activation(gate x) * up x)`. Shazeer, arXiv 2002.05202, for the second. */
  readonly feedForward:
    | { readonly kind: "plain"; readonly inner: string; readonly outer: string }
    | { readonly kind: "gated"; readonly gate: string; readonly up: string; readonly down: string };
  readonly feedForwardNorm: string;
}

/** Paths of what stands before and after the layers, without the family's prefix. */
export interface OuterParts {
  /** Null where tokens are patches. */
  readonly words: string | null;
  /** A learned table; null where angles tell positions. */
  readonly positions: string | null;
  readonly types: string | null;
  /** What makes tokens of an image: the class token's vector, and a linear map of patches; null: its tokens are words. */
  readonly patches: { readonly classToken: string; readonly projection: string } | null;
  /** Over the sum of the embeddings. */
  readonly embeddingNorm: string | null;
  /** After the last layer. */
  readonly finalNorm: string | null;
  /** Logits over the vocabulary where they are not the words' table; it never has the family's prefix. */
  readonly languageHead: string | null;
}

/** A dense layer of the task head: `y = activation(W x + b)`, W is `[out, in]`. */
export interface HeadLayer {
  /** Path of the module, for example `classifier` or `classifier.out_proj`. */
  readonly module: string;
  readonly in: number;
  readonly out: number;
  readonly activation: "tanh" | "relu" | null;
  /** Whether there is a b. */
  readonly bias: boolean;
}

/** One model family: names and shapes, no tensors. */
export interface Family {
  /** HuggingFace's `model_type`. */
  readonly name: ModelConfig["family"];
  /** What HuggingFace puts before paths in a checkpoint with a head, for example `bert.`. */
  readonly prefix: string;
  /** `layer`: mean and spread are taken out; `rms`: the spread alone. */
  readonly norm: "layer" | "rms";
  /** Whether checkpoints hold the weights of layers as `[in, out]`, as GPT-2's Conv1D does. */
  readonly storesTransposed: boolean;
  /** @throws FedtuneError `model-invalid` */
  parse(raw: unknown, path: string): ModelConfig;
  readonly outer: OuterParts;
  /** Paths of layer `index`. */
  layer(index: number): LayerParts;
  /** Path of the pooler's dense layer, or null where the family has none. */
  readonly pooler: string | null;
  /** The head of a classification over a pooled vector, in order. */
  head(config: ModelConfig, labels: number): readonly HeadLayer[];
  /** Whether a linear module has a bias. */
  hasBias(config: ModelConfig, module: string): boolean;
}
