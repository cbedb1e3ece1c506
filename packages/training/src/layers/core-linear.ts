/** A frozen linear layer with a low-rank update around a core: `y = x W^T + b + s x A^T R^T B^T`. */
import type * as tf from "@tensorflow/tfjs";
import type { GradientCapture } from "./capture.ts";
import { gradientProduct, handOver } from "./capture.ts";
import type { FrozenLinear } from "./linear.ts";
import { backwardProduct } from "./linear.ts";
import { sumOfProducts } from "./products.ts";
import { withGradient } from "./with-gradient.ts";

/** One adapted layer in one pass. */
export interface CorePass {
  readonly base: FrozenLinear;
  /** `[rank, in]`. */
  readonly A: tf.Tensor2D;
  /** `[rank, rank]`. */
  readonly R: tf.Tensor2D;
  /** `[out, rank]`. */
  readonly B: tf.Tensor2D;
  /** Multiplies the product. */
  readonly scaling: number;
  /** Which gradients are wanted; x only when something below is trained. */
  readonly wants: {
    readonly x: boolean;
    readonly A: boolean;
    readonly R: boolean;
    readonly B: boolean;
  };
  /** Takes the gradients per example; without it they are summed. */
  readonly capture?: GradientCapture | undefined;
}

/**
 * The adapted layer for x `[n, in]`, giving `[n, out]`.
 *
 * With h = x A^T, c = h R^T, dc = s dy B and dh = dc R: dR = dc^T h, dA = dh^T x, dB = s dy^T c, dx = dy W + dh A. With R
 * alone trained, h `[n, rank]` is all that is saved, and no product but the base's has more than rank columns.
 * LoRA-XS, arXiv 2405.17604, equation 3.
 */
export function coreLinear(x: tf.Tensor2D, pass: CorePass): tf.Tensor2D {
  const { base, A, R, B, scaling, wants } = pass;
  return withGradient({
    inputs: [
      ...(wants.x ? [x] : []),
      ...(wants.A ? [A] : []),
      ...(wants.R ? [R] : []),
      ...(wants.B ? [B] : []),
    ],
    forward: (save) => {
      const h = sumOfProducts([{ a: x, b: A, transposeB: true }]);
      const c = sumOfProducts([{ a: h, b: R, transposeB: true }]);
      save(wants.A ? [h, x] : [h]);
      const update = { a: c, b: B, transposeB: true, factor: scaling };
      return sumOfProducts([{ a: x, b: base.forward() }, update], base.bias);
    },
    backward: (dy, saved) => gradients(dy as tf.Tensor2D, saved as readonly tf.Tensor2D[], pass),
  }) as tf.Tensor2D;
}

function gradients(dy: tf.Tensor2D, saved: readonly tf.Tensor2D[], pass: CorePass): tf.Tensor[] {
  const { base, A, R, B, scaling, wants, capture } = pass;
  const [h, x] = saved;
  const found: tf.Tensor[] = [];
  const dc = sumOfProducts([{ a: dy, b: B, factor: scaling }]);
  const dh = wants.x || wants.A ? sumOfProducts([{ a: dc, b: R }]) : null;
  if (wants.x && dh !== null)
    found.push(sumOfProducts([backwardProduct(dy, base), { a: dh, b: A }]));
  if (wants.A && dh !== null && x !== undefined)
    found.push(handOver(gradientProduct({ a: dh, b: x }, capture), A, capture));
  if (wants.R && h !== undefined)
    found.push(handOver(gradientProduct({ a: dc, b: h }, capture), R, capture));
  if (wants.B && h !== undefined) {
    const c = sumOfProducts([{ a: h, b: R, transposeB: true }]);
    found.push(handOver(gradientProduct({ a: dy, b: c, factor: scaling }, capture), B, capture));
  }
  return found;
}
