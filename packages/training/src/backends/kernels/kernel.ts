/** What one of our kernels is to TensorFlow.js. */
import type * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.ts";

/** One call: inputs and attributes by TensorFlow.js' names. */
export interface KernelCall {
  readonly engine: Engine;
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Computes a call, or gives null where only the stock kernel can. */
export type OwnKernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[] | null;

/** An input that the operation cannot do without. */
export function inputOf({ inputs }: KernelCall, name: string): tf.TensorInfo {
  const found = inputs[name];
  if (found === undefined) throw new RangeError(`Cannot run a kernel without its input "${name}"`);
  return found;
}

/** A number among the attributes. */
export function numberOf({ attributes }: KernelCall, name: string): number {
  const found = attributes[name];
  if (typeof found !== "number")
    throw new RangeError(`Cannot run a kernel without its number "${name}"`);
  return found;
}

/** Product of the extents. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
