/** Pointwise functions that keep NaN: a diverged run must be seen, and some backends' maximum swallows it. */
import * as tf from "@tensorflow/tfjs";
import type { Activation } from "../models/family.ts";
import { runFused } from "./fused.ts";
import { withGradient } from "./with-gradient.ts";

const INVERSE_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_2_BY_PI = Math.sqrt(2 / Math.PI);

/** Applies a feed-forward activation by HuggingFace's name. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  switch (activation) {
    case "gelu":
      return gelu(x);
    case "gelu_new":
      return geluTanh(x);
    case "relu":
      return relu(x);
    case "silu":
      return silu(x);
    default:
      return activation satisfies never;
  }
}

/** x Phi(x), with the error function; saves one tensor like x. Its derivative is Phi(x) + x phi(x). Hendrycks and Gimpel, arXiv 1606.08415. */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return withGradient({
    inputs: [x],
    forward: (save) => {
      const [y, kept = x] = runFused("FedtuneGelu", { inputs: { x } }) ?? [tf.mul(x, phi(x))];
      save([kept]);
      return y;
    },
    backward: (dy, [saved = x]) => [
      runFused("FedtuneGeluGradient", { inputs: { x: saved, dy } })?.[0] ??
        tf.mul(dy, geluDerivative(saved)),
    ],
  }) as tf.Tensor2D;
}

function geluDerivative(x: tf.Tensor): tf.Tensor {
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), INVERSE_SQRT_2PI);
  return tf.add(phi(x), tf.mul(x, density));
}

/** Standard normal distribution function. */
function phi(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** The tanh approximation of {@link gelu}, as GPT-2 uses it. */
function geluTanh(x: tf.Tensor2D): tf.Tensor2D {
  const inner = (input: tf.Tensor): tf.Tensor =>
    tf.tanh(tf.mul(tf.add(input, tf.mul(tf.pow(input, 3), 0.044715)), SQRT_2_BY_PI));
  return pointwise(
    x,
    (input) => tf.mul(tf.mul(input, 0.5), tf.add(inner(input), 1)),
    (input) => {
      const t = inner(input);
      const slope = tf.mul(tf.add(tf.mul(tf.square(input), 3 * 0.044715), 1), SQRT_2_BY_PI);
      return tf.mul(
        tf.add(tf.add(t, 1), tf.mul(input, tf.mul(tf.sub(1, tf.square(t)), slope))),
        0.5,
      );
    },
  );
}

/** x sigmoid(x). Elfwing et al., arXiv 1702.03118. */
function silu(x: tf.Tensor2D): tf.Tensor2D {
  return pointwise(
    x,
    (input) => tf.mul(input, tf.sigmoid(input)),
    (input) => {
      const s = tf.sigmoid(input);
      return tf.mul(s, tf.add(tf.mul(input, tf.sub(1, s)), 1));
    },
  );
}

/** a b, pointwise, with a gradient for both. */
export function gated(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return withGradient({
    inputs: [a, b],
    forward: (save) => {
      save([a, b]);
      return tf.mul(a, b);
    },
    backward: (dy, [left = a, right = b]) => [tf.mul(dy, right), tf.mul(dy, left)],
  }) as tf.Tensor2D;
}

/** max(x, 0) by a product with a mask, so that NaN stays NaN. */
export function relu(x: tf.Tensor2D): tf.Tensor2D {
  const mask = (input: tf.Tensor): tf.Tensor =>
    tf.sub(1, tf.cast(tf.lessEqual(input, 0), "float32"));
  return pointwise(x, (input) => tf.mul(input, mask(input)), mask);
}

function pointwise(
  x: tf.Tensor2D,
  f: (x: tf.Tensor) => tf.Tensor,
  derivative: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor2D {
  return withGradient({
    inputs: [x],
    forward: (save) => {
      save([x]);
      return f(x);
    },
    backward: (dy, [saved]) => [tf.mul(dy, derivative(saved ?? x))],
  }) as tf.Tensor2D;
}
