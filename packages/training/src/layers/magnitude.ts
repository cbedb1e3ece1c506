/** DoRA's outer step: every output of an adapted layer brought to a trained magnitude. */
import * as tf from "@tensorflow/tfjs";
import type { GradientCapture } from "./capture.ts";
import { gradientSum, handOver } from "./capture.ts";
import type { FrozenLinear } from "./linear.ts";
import { sumOfProducts } from "./products.ts";
import { withGradient } from "./with-gradient.ts";

/** One layer with a magnitude in one pass. */
export interface MagnitudePass {
  readonly base: FrozenLinear;
  /** `[out]`. */
  readonly magnitude: tf.Tensor1D;
  /** Norms of the rows of `W + s B A`, `[out]`; a constant for the gradient. Called once, outside of the tape. */
  norms(): tf.Tensor1D;
  readonly wants: { readonly y: boolean; readonly magnitude: boolean };
  /** Takes the gradients per example; without it they are summed. */
  readonly capture?: GradientCapture | undefined;
}

/**
 * `g z + b` for the adapted layer's output `y = z + b` `[n, out]`, with g = magnitude / norm of the row of the weight.
 *
 * dy' = g dy; dm = sum over rows of dy z / norm. The norm counts as a constant, which saves the gradient through it:
 * DoRA, arXiv 2402.09353, section 4.3, and PEFT. The bias is not scaled. y is saved only if the magnitude is trained.
 */
export function withMagnitude(y: tf.Tensor2D, pass: MagnitudePass): tf.Tensor2D {
  const { base, magnitude, wants, capture } = pass;
  return withGradient({
    inputs: [...(wants.y ? [y] : []), ...(wants.magnitude ? [magnitude] : [])],
    forward: (save) => {
      const norms = pass.norms();
      const gain = tf.div(magnitude, norms);
      save(wants.magnitude ? [gain, norms, y] : [gain]);
      const scaled = tf.mul(y, gain);
      if (base.bias === undefined) return scaled;
      return tf.add(scaled, tf.mul(base.bias, tf.sub(1, gain)));
    },
    backward: (dy, [gain, norms, saved]) => {
      const found: tf.Tensor[] = [];
      if (wants.y && gain !== undefined) found.push(tf.mul(dy, gain));
      if (norms !== undefined && saved !== undefined) {
        const along: tf.Tensor2D = tf.mul(dy, tf.sub(saved, base.bias ?? 0));
        found.push(handOver(tf.div(gradientSum(along, capture), norms), magnitude, capture));
      }
      return found;
    },
  }) as tf.Tensor2D;
}

/** What the norms of an adapted weight's rows are made of. */
export interface AdaptedWeight {
  readonly base: FrozenLinear;
  /** `[rank, in]`. */
  readonly A: tf.Tensor2D;
  /** `[out, rank]`. */
  readonly B: tf.Tensor2D;
  readonly scaling: number;
  /** Squared norms of W's rows, `[out]`. */
  readonly squares: tf.Tensor1D;
}

/**
 * Norms of the rows of `W + s B A`, `[out]`, from products with r rows or columns; the weight is never formed.
 *
 * |w + s b A|^2 = |w|^2 + s b (2 A w + s A A^T b), where w and b are rows of W and B.
 */
export function adaptedRowNorms({ base, A, B, scaling, squares }: AdaptedWeight): tf.Tensor1D {
  return tf.tidy(() => {
    const gram = sumOfProducts([{ a: A, b: A, transposeB: true }]);
    const inner = sumOfProducts([
      { a: A, b: base.forward(), factor: 2 },
      { a: gram, b: B, transposeB: true, factor: scaling },
    ]);
    const change = tf.sum(tf.mul(tf.transpose(B), inner), 0);
    // Rounding may bring the norm of a row that the update cancels below zero.
    return tf.sqrt<tf.Tensor1D>(tf.relu(tf.add(squares, tf.mul(change, scaling))));
  });
}

/** Inputs that are squared at a time. */
const BLOCK = 64;

/** Squared norms of W's rows, `[out]`, block by block: no second matrix of W's size. */
export function squaredRowNorms(base: FrozenLinear): tf.Tensor1D {
  const blocks = Math.ceil(base.in / BLOCK);
  return tf.tidy(() => {
    let sum: tf.Tensor1D = tf.zeros([base.out]);
    for (let block = 0; block < blocks; block++) {
      const from = block * BLOCK;
      const next = tf.tidy(() => {
        const part = tf.slice(base.forward(), [from, 0], [Math.min(BLOCK, base.in - from), -1]);
        return tf.add<tf.Tensor1D>(sum, tf.sum(tf.square(part), 0));
      });
      sum.dispose();
      sum = next;
    }
    return sum;
  });
}
