/** `FedtuneGelu` and its gradient. Hendrycks and Gimpel, arXiv 1606.08415. */
import * as tf from "@tensorflow/tfjs";
import type { NativeKernel } from "./kernel.ts";
import { inputOf } from "./kernel.ts";

const INVERSE_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

/**
 * Input x; gives x Phi(x) and, where a gradient may be asked for, the derivative Phi(x) + x phi(x), which is then all that has
 * to be kept.
 */
export const gelu: NativeKernel = (call) => {
  const { unary, binary, scalar, keep } = call.operations;
  const x = inputOf(call, "x");
  const error = unary("Erf", binary("Mul", x, scalar(Math.SQRT1_2)));
  const phi = keep(binary("Mul", binary("AddV2", error, scalar(1)), scalar(0.5)));
  const y = binary("Mul", x, phi);
  if (!isTaped()) return [y];
  const density = unary("Exp", binary("Mul", unary("Square", x), scalar(-0.5)));
  const slope = binary("Mul", binary("Mul", density, scalar(INVERSE_SQRT_2PI)), x);
  return [y, binary("AddV2", slope, phi)];
};

/** Inputs x, in whose place the derivative stands, and dy; gives dx. */
export const geluGradient: NativeKernel = (call) => [
  call.operations.binary("Mul", inputOf(call, "dy"), inputOf(call, "x")),
];

/** Within a kernel the engine says no to everyone who asks for its tape. */
function isTaped(): boolean {
  return tf.engine().state.gradientDepth > 0;
}
