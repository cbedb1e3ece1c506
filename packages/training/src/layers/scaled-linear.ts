/** A frozen linear layer with a fixed low-rank product whose rows are weighted: `y = x W^T + b + s x A^T diag(d) B^T diag(v)`. */
import * as tf from "@tensorflow/tfjs";
import type { GradientCapture } from "./capture.ts";
import { gradientProduct, handOver } from "./capture.ts";
import type { FrozenLinear } from "./linear.ts";
import { backwardProduct } from "./linear.ts";
import { sumOfProducts } from "./products.ts";
import { withGradient } from "./with-gradient.ts";

/** One adapted layer in one pass. */
export interface ScaledPass {
  readonly base: FrozenLinear;
  /** Fixed, `[rank, in]`. */
  readonly A: tf.Tensor2D;
  /** Fixed, `[out, rank]`. */
  readonly B: tf.Tensor2D;
  /** Weights of A's rows, `[rank]`. */
  readonly d: tf.Tensor1D;
  /** Weights of B's rows, `[out]`. */
  readonly v: tf.Tensor1D;
  /** Multiplies the product. */
  readonly scaling: number;
  /** Which gradients are wanted; x only when something below is trained. */
  readonly wants: { readonly x: boolean; readonly d: boolean; readonly v: boolean };
  /** Takes the gradients per example; without it they are summed. */
  readonly capture?: GradientCapture | undefined;
}

/**
 * The adapted layer for x `[n, in]`, giving `[n, out]`.
 *
 * It is LoRA with a fixed A and the up factor E = diag(v) B diag(d): with h = x A^T and, as LoRA has it, dE = s dy^T h and
 * dh = s dy E, the gradients are dd = column sums of dE B weighted by v, dv = row sums of dE B weighted by d (entrywise
 * products), dx = dy W + dh A. h `[n, rank]` is all that is saved; E is made twice, being small. VeRA, arXiv 2310.11454,
 * equation 2.
 */
export function scaledLinear(x: tf.Tensor2D, pass: ScaledPass): tf.Tensor2D {
  const { base, A, d, v, scaling, wants } = pass;
  return withGradient({
    inputs: [...(wants.x ? [x] : []), ...(wants.d ? [d] : []), ...(wants.v ? [v] : [])],
    forward: (save) => {
      const h = sumOfProducts([{ a: x, b: A, transposeB: true }]);
      save([h]);
      const update = { a: h, b: upFactor(pass), transposeB: true, factor: scaling };
      return sumOfProducts([{ a: x, b: base.forward() }, update], base.bias);
    },
    backward: (dy, [h]) => gradients(dy as tf.Tensor2D, h as tf.Tensor2D, pass),
  }) as tf.Tensor2D;
}

/** E, `[out, rank]`. */
function upFactor({ B, d, v }: ScaledPass): tf.Tensor2D {
  return tf.mul(tf.mul(B, d), tf.reshape(v, [-1, 1]));
}

function gradients(dy: tf.Tensor2D, h: tf.Tensor2D, pass: ScaledPass): tf.Tensor[] {
  const { base, A, B, d, v, scaling, wants, capture } = pass;
  const found: tf.Tensor[] = [];
  if (wants.x) {
    const dh = sumOfProducts([{ a: dy, b: upFactor(pass), factor: scaling }]);
    found.push(sumOfProducts([backwardProduct(dy, base), { a: dh, b: A }]));
  }
  if (!wants.d && !wants.v) return found;
  const dE = gradientProduct({ a: dy, b: h, factor: scaling }, capture);
  const inner = tf.mul(dE, B);
  // Axes from the end: before them there may be one of examples.
  if (wants.d) found.push(handOver(tf.sum(tf.mul(inner, tf.reshape(v, [-1, 1])), -2), d, capture));
  if (wants.v) found.push(handOver(tf.sum(tf.mul(inner, d), -1), v, capture));
  return found;
}
