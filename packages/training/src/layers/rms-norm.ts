/** Root-mean-square normalisation with frozen gain. Zhang and Sennrich, arXiv 1910.07467. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./with-gradient.ts";

/** Frozen parameters. */
export interface FrozenRmsNorm {
  /** `[hidden]`. */
  readonly gamma: tf.Tensor1D;
  readonly epsilon: number;
}

/**
 * Divides each row of x `[n, hidden]` by its root mean square; saves x-hat and 1/rms.
 *
 * With g = dy gamma: dx = (g - xhat mean(g xhat)) / rms, means over the row.
 */
export function rmsNorm(x: tf.Tensor2D, { gamma, epsilon }: FrozenRmsNorm): tf.Tensor2D {
  return withGradient({
    inputs: [x],
    forward: (save) => {
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
      const xhat = tf.mul(x, inverse);
      save([xhat, inverse]);
      return tf.mul(xhat, gamma);
    },
    backward: (dy, [xhat, inverse]) => {
      if (xhat === undefined || inverse === undefined)
        throw new RangeError("Cannot differentiate a norm: nothing was saved");
      const g = tf.mul(dy, gamma);
      const along = tf.mul(xhat, tf.mean(tf.mul(g, xhat), -1, true));
      return [tf.mul(tf.sub(g, along), inverse)];
    },
  }) as tf.Tensor2D;
}
