/** Layer normalisation with frozen gain and shift. Ba et al., arXiv 1607.06450. */
import * as tf from "@tensorflow/tfjs";
import { runFused } from "./fused.ts";
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
      const { y, xhat, inverse } = forward(x, norm, residual);
      save([xhat, inverse]);
      return y;
    },
    backward: (dy, saved) => {
      const dx = gradient(dy, norm.gamma, saved);
      return residual === undefined ? [dx] : [dx, tf.reshape(dx, dx.shape)];
    },
  }) as tf.Tensor2D;
}

function forward(x: tf.Tensor2D, norm: FrozenNorm, residual?: tf.Tensor2D) {
  const { gamma, beta, epsilon } = norm;
  const inputs = { x, gamma, beta, ...(residual === undefined ? {} : { residual }) };
  const fused = runFused("FedtuneLayerNorm", { inputs, attributes: { epsilon } });
  if (fused !== null) return { y: fused[0], xhat: fused[1], inverse: fused[2] };
  const input = residual === undefined ? x : tf.add(x, residual);
  const centred = tf.sub(input, tf.mean(input, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  const xhat = tf.mul(centred, inverse);
  return { y: tf.add(tf.mul(xhat, gamma), beta), xhat, inverse };
}

function gradient(
  dy: tf.Tensor,
  gamma: tf.Tensor1D,
  [xhat, inverse]: readonly tf.Tensor[],
): tf.Tensor {
  if (xhat === undefined || inverse === undefined)
    throw new RangeError("Cannot differentiate layer norm: nothing was saved");
  const fused = runFused("FedtuneLayerNormGradient", { inputs: { dy, gamma, xhat, inverse } });
  if (fused !== null) return fused[0];
  const g = tf.mul(dy, gamma);
  const along = tf.mul(xhat, tf.mean(tf.mul(g, xhat), -1, true));
  return tf.mul(tf.sub(tf.sub(g, tf.mean(g, -1, true)), along), inverse);
}
