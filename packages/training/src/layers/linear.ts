/** A frozen linear layer `y = x W^T + b`. */
import * as tf from "@tensorflow/tfjs";
import { hasFused } from "./fused.ts";
import type { MatrixProduct } from "./products.ts";
import { sumOfProducts } from "./products.ts";
import { withGradient } from "./with-gradient.ts";

/**
 * Frozen weights of one linear layer, on the device.
 *
 * W is kept as `[in, out]` for the forward pass and, once a backward pass asks for it, as `[out, in]` too: stock wasm
 * multiplies plain matrices about ten times as fast as transposed ones. With our own kernels nobody asks.
 */
export interface FrozenLinear {
  readonly in: number;
  readonly out: number;
  /** W^T, `[in, out]`. */
  forward(): tf.Tensor2D;
  /** W, `[out, in]`; made on first use. */
  backward(): tf.Tensor2D;
  /** `[out]`; undefined: none. */
  readonly bias: tf.Tensor1D | undefined;
  /** Puts another W in place; `[out, in]`, row-major. */
  replace(weight: Float32Array): void;
  dispose(): void;
}

/** Uploads a linear layer; `weight` is `[out, in]`, row-major. The caller disposes it. */
export function frozenLinear(
  weight: Float32Array,
  bias: Float32Array | null,
  shape: readonly [out: number, inputs: number],
): FrozenLinear {
  const [out, inputs] = shape;
  let forward = transposed(weight, shape);
  let backward: tf.Tensor2D | null = null;
  const biasTensor = bias === null ? undefined : tf.keep(tf.tensor1d(bias));
  const drop = (): void => {
    forward.dispose();
    backward?.dispose();
    backward = null;
  };
  return {
    in: inputs,
    out,
    bias: biasTensor,
    forward: () => forward,
    backward: () => (backward ??= outsideTidy(forward)),
    replace(next) {
      drop();
      forward = transposed(next, shape);
    },
    dispose() {
      drop();
      biasTensor?.dispose();
    },
  };
}

function transposed(weight: Float32Array, [out, inputs]: readonly [number, number]): tf.Tensor2D {
  return tf.keep(tf.tidy(() => tf.transpose(tf.tensor2d(weight, [out, inputs]))));
}

function outsideTidy(forward: tf.Tensor2D): tf.Tensor2D {
  return tf.keep(tf.tidy(() => tf.transpose(forward)));
}

/** `x W^T + b` for x `[n, in]`; saves nothing for the backward pass, whose only product is `dy W`. */
export function applyLinear(x: tf.Tensor2D, linear: FrozenLinear): tf.Tensor2D {
  return withGradient({
    inputs: [x],
    forward: () => affine(x, linear),
    backward: (dy) => [sumOfProducts([backwardProduct(dy as tf.Tensor2D, linear)])],
  }) as tf.Tensor2D;
}

/** `x W^T + b` without a gradient. */
function affine(x: tf.Tensor2D, linear: FrozenLinear): tf.Tensor2D {
  return sumOfProducts([{ a: x, b: linear.forward() }], linear.bias);
}

/** `dy W`, from the form of W that the backend multiplies fast. */
export function backwardProduct(dy: tf.Tensor2D, linear: FrozenLinear): MatrixProduct {
  return hasFused("FedtuneSumOfProducts")
    ? { a: dy, b: linear.forward(), transposeB: true }
    : { a: dy, b: linear.backward() };
}
