/** The norm that a family has, over a row or over the sum of two. */
import * as tf from "@tensorflow/tfjs";
import { layerNorm } from "./layer-norm.ts";
import { rmsNorm } from "./rms-norm.ts";

/** Frozen parameters of a norm; without a shift it is one of root mean squares. */
export interface FrozenAnyNorm {
  /** `[hidden]`. */
  readonly gamma: tf.Tensor1D;
  /** `[hidden]`; null: {@link rmsNorm}. */
  readonly beta: tf.Tensor1D | null;
  readonly epsilon: number;
}

/** Normalises each row of x `[n, hidden]`, or of x + residual. */
export function normalise(
  x: tf.Tensor2D,
  { beta, ...norm }: FrozenAnyNorm,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  if (beta !== null) return layerNorm(x, { ...norm, beta }, residual);
  return rmsNorm(residual === undefined ? x : tf.add(x, residual), norm);
}
