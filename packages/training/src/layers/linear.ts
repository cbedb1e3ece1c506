/** A frozen linear layer `y = x W^T + b`. */
import * as tf from "@tensorflow/tfjs";
import { hasFused } from "./fused.ts";
import { storedMatrix } from "./stored-matrix.ts";
import type { BasePrecision } from "./stored-matrix.ts";
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
  /** Whether both forms are made anew for each use, in the scope that asks. */
  readonly isTransient: boolean;
  /** `[out]`; undefined: none. */
  readonly bias: tf.Tensor1D | undefined;
  /** Puts another W in place; `[out, in]`, row-major. */
  replace(weight: Float32Array): void;
  dispose(): void;
}

/** A linear layer's weights on the host: `weight` is `[out, in]`, row-major. */
export interface LinearWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array | null;
  readonly shape: readonly [out: number, inputs: number];
}

/** Keeps a linear layer. The caller disposes it. */
export function frozenLinear(
  { weight, bias, shape: [out, inputs] }: LinearWeights,
  precision: BasePrecision = "f32",
): FrozenLinear {
  const biasTensor = bias === null ? undefined : tf.keep(tf.tensor1d(bias));
  const keep = precision === "f32" ? onDevice : (values: Float32Array) => onHost(values, precision);
  let kept = keep(weight);
  return {
    in: inputs,
    out,
    bias: biasTensor,
    isTransient: precision !== "f32",
    forward: () => kept.forward(),
    backward: () => kept.backward(),
    replace(next) {
      kept.dispose();
      kept = keep(next);
    },
    dispose() {
      kept.dispose();
      biasTensor?.dispose();
    },
  };

  /** In both forms, the second one made on first use. */
  function onDevice(values: Float32Array): KeptWeight {
    const forward = turnedOnDevice(values, [out, inputs]);
    let backward: tf.Tensor2D | null = null;
    return {
      forward: () => forward,
      backward: () => (backward ??= tf.keep(tf.tidy(() => tf.transpose(forward)))),
      dispose: () => tf.dispose(backward === null ? forward : [forward, backward]),
    };
  }

  /** In rows of W, since those share a scale; both forms are made anew in the scope that asks. */
  function onHost(values: Float32Array, bits: BasePrecision): KeptWeight {
    const stored = storedMatrix(values, [out, inputs], bits);
    return {
      forward: () => tf.tidy(() => tf.transpose(stored.whole())),
      backward: () => stored.whole(),
      dispose: () => stored.dispose(),
    };
  }
}

/** W^T of `[out, in]` values. A function of its own: what a closure beside others captures lives as long as all of them. */
function turnedOnDevice(values: Float32Array, shape: [number, number]): tf.Tensor2D {
  return tf.keep(tf.tidy(() => tf.transpose(tf.tensor2d(values, shape))));
}

type KeptWeight = Pick<FrozenLinear, "forward" | "backward" | "dispose">;

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
  return hasFused("FedtuneSumOfProducts") && !linear.isTransient
    ? { a: dy, b: linear.forward(), transposeB: true }
    : { a: dy, b: linear.backward() };
}
