/** `Erf` of TensorFlow.js, and `FedtuneGelu` with its gradient. */
import type * as tf from "@tensorflow/tfjs";
import type { KernelCall, OwnKernel } from "./kernel.ts";
import { inputOf, sizeOf } from "./kernel.ts";

/** erf(x) to 3 ulp, where the stock kernel is right to 1.5e-7 absolutely; float32 only. */
export const erf: OwnKernel = (call) => {
  const x = inputOf(call, "x");
  return x.dtype === "float32" ? run(call, "erf", [x]) : null;
};

/** x Phi(x). */
export const gelu: OwnKernel = (call) => run(call, "gelu", [inputOf(call, "x")]);

/** dy times the derivative of x Phi(x). */
export const geluGradient: OwnKernel = (call) =>
  run(call, "geluGradient", [inputOf(call, "x"), inputOf(call, "dy")]);

/** Values a chunk starts at a multiple of. */
const GRAIN = 64;
/** Floating-point operations per value, roughly. */
const OPERATIONS = 40;

function run(
  { engine }: KernelCall,
  kernel: "erf" | "gelu" | "geluGradient",
  operands: readonly tf.TensorInfo[],
): tf.TensorInfo {
  const { heap } = engine;
  const shape = operands[0]?.shape ?? [];
  const y = heap.output(shape);
  const items = sizeOf(shape);
  const cells = [...operands, y].map((tensor) => heap.address(tensor));
  engine.run({ kernel, items, grain: GRAIN, work: OPERATIONS * items, cells });
  return y;
}
