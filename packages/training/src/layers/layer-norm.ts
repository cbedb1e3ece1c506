/** Layer normalisation with frozen gain and shift. Ba et al., arXiv 1607.06450. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./with-gradient.ts";

/** Frozen parameters, `[hidden]` each. */
export interface FrozenNorm {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly epsilon: number;
}

/**
 * Normalises each row of x `[n, hidden]`, or of x + residual; saves x-hat and 1/std.
 *
 * With g = dy gamma: dx = (g - mean(g) - xhat mean(g xhat)) / std, means over the row; the residual has the same gradient.
 */
export function layerNorm(x: tf.Tensor2D, norm: FrozenNorm, residual?: tf.Tensor2D): tf.Tensor2D {
  return withGradient({
    inputs: residual === undefined ? [x] : [x, residual],
    forward: (save) => {
      const input = residual === undefined ? x : tf.add(x, residual);
      const centred = tf.sub(input, tf.mean(input, -1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), norm.epsilon));
      const xhat = tf.mul(centred, inverse);
      save([xhat, inverse]);
      return tf.add(tf.mul(xhat, norm.gamma), norm.beta);
    },
    backward: (dy, saved) => {
      const dx = gradient(tf.mul(dy, norm.gamma), saved);
      return residual === undefined ? [dx] : [dx, tf.reshape(dx, dx.shape)];
    },
  }) as tf.Tensor2D;
}

function gradient(g: tf.Tensor, [xhat, inverse]: readonly tf.Tensor[]): tf.Tensor {
  if (xhat === undefined || inverse === undefined)
    throw new RangeError("Cannot differentiate layer norm: nothing was saved");
  const along = tf.mul(xhat, tf.mean(tf.mul(g, xhat), -1, true));
  return tf.mul(tf.sub(tf.sub(g, tf.mean(g, -1, true)), along), inverse);
}
