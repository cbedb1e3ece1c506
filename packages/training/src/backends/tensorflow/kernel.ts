/** What one of our kernels is on TensorFlow's library. */
import type * as tf from "@tensorflow/tfjs";
import type { NativeTensor } from "./native.ts";
import type { Operations } from "./operations.ts";

/** One call: inputs and attributes by the names that layers give them (`layers/fused.ts`). */
export interface NativeCall {
  readonly operations: Operations;
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Gives the outputs in order. */
export type NativeKernel = (call: NativeCall) => readonly NativeTensor[];

/** An input that the kernel cannot do without. */
export function inputOf({ operations, inputs }: NativeCall, name: string): NativeTensor {
  const found = inputs[name];
  if (found === undefined) throw new RangeError(`Cannot run a kernel without its input "${name}"`);
  return operations.of(found);
}

/** A number among the attributes. */
export function numberOf({ attributes }: NativeCall, name: string): number {
  const found = attributes[name];
  if (typeof found !== "number")
    throw new RangeError(`Cannot run a kernel without its number "${name}"`);
  return found;
}
