/** Token, position and token type embeddings; frozen, so no gradient passes here. */
import * as tf from "@tensorflow/tfjs";
import { normalise } from "./norm.ts";
import type { FrozenAnyNorm } from "./norm.ts";
import type { StoredMatrix } from "./stored-matrix.ts";

/** Tables of a model's input, on the device. */
export interface EmbeddingTables {
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

/** One padded batch on the device; ids, types `[batch * length]` int32, mask `[batch, length]` of 0 and 1. */
export interface TokenBatch {
  readonly batch: number;
  readonly length: number;
  readonly ids: tf.Tensor1D;
  /** The same on the host. */
  readonly hostIds: Int32Array;
  readonly types: tf.Tensor1D;
  readonly mask: tf.Tensor2D;
}

/**
 * The first layer's input, `[batch * length, hidden]`.
 *
 * Padding is at the end of a row, so token i of a row has position `firstPosition + from + i`; what padded places hold is
 * never attended to.
 *
 * @param from positions before these tokens, when a text goes on
 */
export function embed(batch: TokenBatch, tables: EmbeddingTables, from = 0): tf.Tensor2D {
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
