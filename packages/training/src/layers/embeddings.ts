/** Token, position and token type embeddings; frozen, so no gradient passes here. */
import * as tf from "@tensorflow/tfjs";
import type { FrozenNorm } from "./layer-norm.ts";
import { layerNorm } from "./layer-norm.ts";

/** Tables of an encoder's input, on the device. */
export interface EmbeddingTables {
  /** `[vocabulary, hidden]`. */
  readonly words: tf.Tensor2D;
  /** `[positions, hidden]`. */
  readonly positions: tf.Tensor2D;
  /** `[types, hidden]`, or null where the family has none. */
  readonly types: tf.Tensor2D | null;
  readonly norm: FrozenNorm;
  /** Row of the position table for the first token. */
  readonly firstPosition: number;
}

/** One padded batch on the device; ids, types `[batch * length]` int32, mask `[batch, length]` of 0 and 1. */
export interface TokenBatch {
  readonly batch: number;
  readonly length: number;
  readonly ids: tf.Tensor1D;
  readonly types: tf.Tensor1D;
  readonly mask: tf.Tensor2D;
}

/**
 * The encoder's input, `[batch * length, hidden]`.
 *
 * Padding is at the end of a row, so token i of a row has position `firstPosition + i`; what padded places hold is
 * never attended to.
 */
export function embed(batch: TokenBatch, tables: EmbeddingTables): tf.Tensor2D {
  return tf.tidy(() => {
    const hidden = tables.words.shape[1];
    const shape = [batch.batch, batch.length, hidden] as const;
    const words = tf.reshape(tf.gather(tables.words, batch.ids), [...shape]);
    const positions = tf.slice(tables.positions, [tables.firstPosition, 0], [batch.length, hidden]);
    const flat: [number, number] = [batch.batch * batch.length, hidden];
    const sum: tf.Tensor2D = tf.reshape(tf.add(words, positions), flat);
    if (tables.types === null) return layerNorm(sum, tables.norm);
    return layerNorm(tf.add(sum, tf.gather(tables.types, batch.types)), tables.norm);
  });
}
