/** Gradients of trained factors example by example, out of the same backward pass that otherwise gives their sum. */
import * as tf from "@tensorflow/tfjs";
import type { MatrixProduct } from "./products.ts";
import { sumOfProducts } from "./products.ts";

/**
 * Takes the gradients of one pass over a batch, one per example and trained factor, in place of their sums.
 *
 * Rows of activations belong to examples in order, the same number to each: `[examples * rows, width]`.
 */
export interface GradientCapture {
  readonly examples: number;
  /** Keeps `gradient` `[examples, ...parameter.shape]`. @throws RangeError for a second gradient of one parameter */
  keep(parameter: tf.Tensor, gradient: tf.Tensor): void;
}

/** A capture that can be emptied. */
export interface OpenCapture extends GradientCapture {
  /** What was kept, `[examples, parameter.size]`. @throws RangeError when the layer kept nothing */
  rows(parameter: tf.Tensor): tf.Tensor2D;
  dispose(): void;
}

/** Opens a capture for one pass; the caller disposes it after reading. */
export function openCapture(examples: number): OpenCapture {
  const kept = new Map<number, tf.Tensor>();
  return {
    examples,
    keep(parameter, gradient) {
      // Adding up or replacing would both be silent mistakes of a layer.
      if (kept.has(parameter.id))
        throw new RangeError("Cannot capture gradients: a parameter got two of them");
      kept.set(parameter.id, tf.keep(gradient));
    },
    rows(parameter) {
      const gradient = kept.get(parameter.id);
      if (gradient === undefined) {
        throw new RangeError(
          `Cannot train privately: a layer with a parameter of shape [${parameter.shape.join(", ")}] gives no gradients per example`,
        );
      }
      return tf.reshape(gradient, [examples, parameter.size]);
    },
    dispose: () => tf.dispose([...kept.values()]),
  };
}

/**
 * The gradient of one parameter as the tape gets it: as it is, or, when a capture takes it, zeros.
 *
 * @param gradient as {@link gradientProduct} and {@link gradientSum} give it: with an axis of examples for a capture
 */
export function handOver(
  gradient: tf.Tensor,
  parameter: tf.Tensor,
  capture: GradientCapture | undefined,
): tf.Tensor {
  if (capture === undefined) return gradient;
  capture.keep(parameter, gradient);
  return tf.zeros(parameter.shape);
}

/** factor a^T b for a `[n, p]`, b `[n, q]`: `[p, q]`, or `[examples, p, q]` over each example's rows for a capture. */
export function gradientProduct(
  { a, b, factor = 1 }: Pick<MatrixProduct, "a" | "b" | "factor">,
  capture: GradientCapture | undefined,
): tf.Tensor {
  if (capture === undefined) return sumOfProducts([{ a, b, factor, transposeA: true }]);
  // Where there is a factor, b has as many columns as the rank: few to multiply.
  const scaled = factor === 1 ? b : tf.mul<tf.Tensor2D>(b, factor);
  return tf.matMul(byExample(a, capture), byExample(scaled, capture), true, false);
}

/** Column sums of x `[n, q]`: `[q]`, or `[examples, q]` over each example's rows for a capture. */
export function gradientSum(x: tf.Tensor2D, capture: GradientCapture | undefined): tf.Tensor {
  return capture === undefined ? tf.sum(x, 0) : tf.sum(byExample(x, capture), 1);
}

/** `[examples * rows, width]` to `[examples, rows, width]`. */
function byExample(x: tf.Tensor2D, { examples }: GradientCapture): tf.Tensor3D {
  return tf.reshape(x, [examples, -1, x.shape[1]]);
}
