/** A linear layer of the task's head, which may be trained itself: `y = x W^T + b`. */
import * as tf from "@tensorflow/tfjs";
import type { GradientCapture } from "./capture.ts";
import { gradientProduct, gradientSum, handOver } from "./capture.ts";
import { withGradient } from "./with-gradient.ts";

/** One head layer in one pass. */
export interface HeadPass {
  /** `[out, in]`. */
  readonly weight: tf.Tensor2D;
  /** `[out]`; null: none. */
  readonly bias: tf.Tensor1D | null;
  readonly isTrained: boolean;
  /** Takes the gradients per example; without it they are summed. */
  readonly capture?: GradientCapture | undefined;
}

/** The layer for x `[n, in]`, giving `[n, out]`. dx = dy W, dW = dy^T x, db = column sums of dy. */
export function headLinear(x: tf.Tensor2D, pass: HeadPass): tf.Tensor2D {
  const { weight, bias, isTrained, capture } = pass;
  return withGradient({
    inputs: [x, ...(isTrained ? [weight, ...(bias === null ? [] : [bias])] : [])],
    forward: (save) => {
      save(isTrained ? [x] : []);
      const y = tf.matMul(x, weight, false, true);
      return bias === null ? y : tf.add(y, bias);
    },
    backward: (gradient, [saved]) => {
      const dy = gradient as tf.Tensor2D;
      const dx = tf.matMul(dy, weight);
      if (saved === undefined) return [dx];
      const dW = gradientProduct({ a: dy, b: saved as tf.Tensor2D }, capture);
      const found = [dx, handOver(dW, weight, capture)];
      return bias === null ? found : [...found, handOver(gradientSum(dy, capture), bias, capture)];
    },
  }) as tf.Tensor2D;
}
