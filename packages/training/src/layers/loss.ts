/** Cross-entropy over class indices, without a dense gradient of the labels. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./with-gradient.ts";

/**
 * Sum over the batch of -log softmax(logits)[label], times `weight`; logits `[batch, classes]`, labels `[batch]` int32.
 *
 * The gradient is weight (softmax - onehot). A micro-batch passes 1 / (size of the whole batch) as weight, so that the
 * parts add up to the mean.
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, weight: number): tf.Scalar {
  return withGradient({
    inputs: [logits],
    forward: (save) => {
      // Asked for float32, the wasm kernel writes integer bits: cast instead.
      const target = tf.cast(tf.oneHot(labels, logits.shape[1]), "float32");
      const logProbabilities = tf.logSoftmax(logits);
      save([tf.sub(tf.exp(logProbabilities), target)]);
      return tf.mul(tf.neg(tf.sum(tf.mul(logProbabilities, target))), weight);
    },
    backward: (dy, [error]) => [tf.mul(tf.mul(error ?? logits, weight), dy)],
  }) as tf.Scalar;
}
