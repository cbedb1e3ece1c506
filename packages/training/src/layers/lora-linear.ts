/** A frozen linear layer with a low-rank update: `y = x W^T + b + s (x A^T) B^T`. */
import type * as tf from "@tensorflow/tfjs";
import type { GradientCapture } from "./capture.ts";
import { gradientProduct, handOver } from "./capture.ts";
import type { FrozenLinear } from "./linear.ts";
import { backwardProduct } from "./linear.ts";
import { sumOfProducts } from "./products.ts";
import { withGradient } from "./with-gradient.ts";

/** One adapted layer in one pass. */
export interface LoraPass {
  readonly base: FrozenLinear;
  /** `[rank, in]`. */
  readonly A: tf.Tensor2D;
  /** `[out, rank]`. */
  readonly B: tf.Tensor2D;
  /** Multiplies the product. */
  readonly scaling: number;
  /** Which gradients are wanted; x only when something below is trained. */
  readonly wants: { readonly x: boolean; readonly A: boolean; readonly B: boolean };
  /** Takes the gradients per example; without it they are summed. */
  readonly capture?: GradientCapture | undefined;
}

/**
 * The adapted layer for x `[n, in]`, giving `[n, out]`.
 *
 * With h = x A^T and dh = s dy B: dA = dh^T x, dB = s dy^T h, dx = dy W + dh A. LoRA, arXiv 2106.09685, equation 3.
 * Only wanted gradients are computed; x and h are the only things saved.
 */
export function loraLinear(x: tf.Tensor2D, pass: LoraPass): tf.Tensor2D {
  const { base, A, B, scaling, wants } = pass;
  return withGradient({
    inputs: [...(wants.x ? [x] : []), ...(wants.A ? [A] : []), ...(wants.B ? [B] : [])],
    forward: (save) => {
      const h = sumOfProducts([{ a: x, b: A, transposeB: true }]);
      save(wants.A ? [h, x] : [h]);
      const update = { a: h, b: B, transposeB: true, factor: scaling };
      return sumOfProducts([{ a: x, b: base.forward() }, update], base.bias);
    },
    backward: (dy, saved) => gradients(dy as tf.Tensor2D, saved as readonly tf.Tensor2D[], pass),
  }) as tf.Tensor2D;
}

function gradients(dy: tf.Tensor2D, saved: readonly tf.Tensor2D[], pass: LoraPass): tf.Tensor[] {
  const { base, A, B, scaling, wants, capture } = pass;
  const [h, x] = saved;
  const found: tf.Tensor[] = [];
  const dh = wants.x || wants.A ? sumOfProducts([{ a: dy, b: B, factor: scaling }]) : null;
  if (wants.x && dh !== null)
    found.push(sumOfProducts([backwardProduct(dy, base), { a: dh, b: A }]));
  if (wants.A && dh !== null && x !== undefined)
    found.push(handOver(gradientProduct({ a: dh, b: x }, capture), A, capture));
  if (wants.B && h !== undefined)
    found.push(handOver(gradientProduct({ a: dy, b: h, factor: scaling }, capture), B, capture));
  return found;
}
