/** The loss of a language model at chosen places, without logits of the others and without keeping any. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./with-gradient.ts";

/** Places that predict a token, in any order; arrays of one length. */
export interface Predictions {
  /** Rows of the hidden states. */
  readonly rows: Int32Array;
  /** The token after each. */
  readonly targets: Int32Array;
}

/** Most numbers of logits that are there at a time. */
const MOST_LOGITS = 4_000_000;

/**
 * Sum of `weights[i] * -log softmax(x[rows[i]] W^T)[targets[i]]` for hidden states x `[n, hidden]` and W `[vocabulary, hidden]`.
 *
 * Logits are made part by part, and the gradient with them: dx of a place is weight (softmax - onehot) W, so that what is
 * kept is as large as the hidden states, not as the vocabulary.
 */
export function languageLoss(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  { rows, targets, weights }: Predictions & { readonly weights: Float32Array },
): tf.Scalar {
  return withGradient({
    inputs: [x],
    forward: (save) => {
      const parts = partsOf({ rows, targets }, table).map(([from, to]) =>
        tf.tidy(() => {
          const { logs, target } = logits(x, table, {
            rows: rows.subarray(from, to),
            targets: targets.subarray(from, to),
          });
          const weight = tf.tensor2d(weights.subarray(from, to), [to - from, 1]);
          const loss = tf.neg(tf.sum(tf.mul(tf.mul(logs, target), weight)));
          const error = tf.mul<tf.Tensor2D>(tf.sub(tf.exp(logs), target), weight);
          return [loss, tf.matMul(error, table)] as [tf.Tensor, tf.Tensor2D];
        }),
      );
      save([tf.concat(parts.map(([, dx]) => dx))]);
      return tf.addN(parts.map(([loss]) => loss));
    },
    backward: (dy, [saved]) => {
      if (saved === undefined)
        throw new RangeError("Cannot differentiate a loss: nothing was saved");
      const places = tf.tensor2d(rows, [rows.length, 1], "int32");
      return [tf.scatterND(places, tf.mul(saved, dy), x.shape)];
    },
  }) as tf.Scalar;
}

/** Of each place its loss, and 1 where the target is the likeliest token, else 0; `[places]` each. */
export function tokenLosses(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  predictions: Predictions,
): { readonly losses: tf.Tensor1D; readonly hits: tf.Tensor1D } {
  const parts = partsOf(predictions, table).map(([from, to]) =>
    tf.tidy(() => {
      const { logs, target } = logits(x, table, {
        rows: predictions.rows.subarray(from, to),
        targets: predictions.targets.subarray(from, to),
      });
      const found = tf.sum<tf.Tensor1D>(tf.mul(logs, target), 1);
      const isBest = tf.greaterEqual(found, tf.max(logs, 1));
      return [tf.neg(found), tf.cast(isBest, "float32")] as [tf.Tensor1D, tf.Tensor1D];
    }),
  );
  return {
    losses: tf.concat1d(parts.map(([losses]) => losses)),
    hits: tf.concat1d(parts.map(([, hits]) => hits)),
  };
}

/** Bounds of parts whose logits fit. */
function partsOf({ rows }: Predictions, table: tf.Tensor2D): (readonly [number, number])[] {
  const size = Math.max(1, Math.floor(MOST_LOGITS / table.shape[0]));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, part) => [
    part * size,
    Math.min(rows.length, (part + 1) * size),
  ]);
}

/** Logarithms of probabilities, and the targets as ones among zeros; `[places, vocabulary]` each. */
function logits(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  { rows, targets }: Predictions,
): { readonly logs: tf.Tensor2D; readonly target: tf.Tensor2D } {
  const chosen = tf.gather(x, tf.tensor1d(rows, "int32"));
  const logs: tf.Tensor2D = tf.logSoftmax(tf.matMul(chosen, table, false, true));
  // Asked for float32, the wasm kernel writes integer bits: cast instead.
  const ids = tf.tensor1d(targets, "int32");
  return { logs, target: tf.cast(tf.oneHot(ids, table.shape[0]) as tf.Tensor2D, "float32") };
}
