/** The one place where a layer brings its own backward pass. */
import * as tf from "@tensorflow/tfjs";

/** Keeps tensors for the backward pass; everything that pass uses is a weight or comes from here. */
export type Save = (tensors: tf.Tensor[]) => void;

/** A forward pass and its hand-written gradient. */
export interface Differentiable {
  /** What gradients are taken with respect to; an input of the forward pass that is left out counts as constant. */
  readonly inputs: readonly tf.Tensor[];
  forward(save: Save): tf.Tensor;
  /** One gradient per input, in order; never one tensor twice. */
  backward(dy: tf.Tensor, saved: readonly tf.Tensor[]): tf.Tensor[];
}

/** Runs the forward pass and records the gradient on the tape, if there is one. */
export function withGradient(layer: Differentiable): tf.Tensor {
  if (layer.inputs.length === 0) return tf.tidy(() => layer.forward(() => undefined));
  const op = tf.customGrad((...args) => ({
    value: layer.forward(args.at(-1) as Save),
    // What a backward pass makes on its way ends with it, weights that are widened for it above all.
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.tidy(() => layer.backward(dy, saved)),
  }));
  return op(...layer.inputs);
}
