/** What the first layer sees of words or of patches of an image; frozen, so no gradient passes here. */
import * as tf from "@tensorflow/tfjs";
import { applyLinear } from "./linear.ts";
import type { FrozenLinear } from "./linear.ts";
import { normalise } from "./norm.ts";
import type { FrozenAnyNorm } from "./norm.ts";
import type { StoredMatrix } from "./stored-matrix.ts";

/** Tables of a model of texts, on the device. */
export interface WordEmbedding {
  readonly kind: "words";
  /** `[vocabulary, hidden]`. */
  readonly words: StoredMatrix;
  /** `[positions, hidden]`, or null where positions are told otherwise. */
  readonly positions: tf.Tensor2D | null;
  /** `[types, hidden]`, or null where the family has none. */
  readonly types: tf.Tensor2D | null;
  /** Over the sum; null where the family has none. */
  readonly norm: FrozenAnyNorm | null;
  /** Row of the position table for the first token. */
  readonly firstPosition: number;
}

/** Weights of a model of images, on the device. */
export interface PatchEmbedding {
  readonly kind: "patches";
  /** A patch's pixels to its token. */
  readonly projection: FrozenLinear;
  /** `[1, hidden]`. */
  readonly classToken: tf.Tensor2D;
  /** `[1 + patches, hidden]`. */
  readonly positions: tf.Tensor2D;
}

/** One of the two. */
export type Embedding = WordEmbedding | PatchEmbedding;

/** What the layers see of any batch: sizes, and a mask `[batch, length]` of 0 and 1. */
interface Sequences {
  readonly batch: number;
  readonly length: number;
  readonly mask: tf.Tensor2D;
}

/** One padded batch of texts on the device; ids, types `[batch * length]` int32. */
export interface TokenBatch extends Sequences {
  readonly kind: "words";
  readonly ids: tf.Tensor1D;
  /** The same on the host. */
  readonly hostIds: Int32Array;
  readonly types: tf.Tensor1D;
}

/** One batch of images on the device: pixels in patches, `[batch * patches, channels * patch * patch]`. */
export interface PatchBatch extends Sequences {
  readonly kind: "patches";
  readonly patches: tf.Tensor2D;
}

/** One of the two. */
export type InputBatch = TokenBatch | PatchBatch;

/**
 * The first layer's input, `[batch * length, hidden]`.
 *
 * @param from positions before these tokens, when a text goes on
 * @throws RangeError for a batch of texts in a model of images, or the other way round
 */
export function embed(batch: InputBatch, embedding: Embedding, from = 0): tf.Tensor2D {
  if (batch.kind === "words" && embedding.kind === "words")
    return embedWords(batch, embedding, from);
  if (batch.kind === "patches" && embedding.kind === "patches")
    return embedPatches(batch, embedding);
  throw new RangeError(`Cannot embed ${batch.kind} with a model of ${embedding.kind}`);
}

/**
 * Padding is at the end of a row, so token i of a row has position `firstPosition + from + i`; what padded places hold is
 * never attended to.
 */
function embedWords(batch: TokenBatch, tables: WordEmbedding, from: number): tf.Tensor2D {
  return tf.tidy(() => {
    const { words, positions, types, norm, firstPosition } = tables;
    const [, hidden] = words.shape;
    const flat: [number, number] = [batch.batch * batch.length, hidden];
    let sum: tf.Tensor2D = tf.reshape(words.rows(batch.hostIds, batch.ids), flat);
    if (positions !== null) {
      const places = tf.slice(positions, [firstPosition + from, 0], [batch.length, hidden]);
      const rows = tf.reshape(sum, [batch.batch, batch.length, hidden]);
      sum = tf.reshape(tf.add(rows, places), flat);
    }
    if (types !== null) sum = tf.add(sum, tf.gather(types, batch.types));
    return norm === null ? sum : normalise(sum, norm);
  });
}

/** The convolution of a patch's size and stride is one matrix product over patches. */
function embedPatches(
  { batch, length, patches }: PatchBatch,
  { projection, classToken, positions }: PatchEmbedding,
): tf.Tensor2D {
  return tf.tidy(() => {
    const hidden = projection.out;
    const tokens = tf.reshape(applyLinear(patches, projection), [batch, length - 1, hidden]);
    const first = tf.tile(tf.reshape(classToken, [1, 1, hidden]), [batch, 1, 1]);
    return tf.reshape(tf.add(tf.concat([first, tokens], 1), positions), [batch * length, hidden]);
  });
}
