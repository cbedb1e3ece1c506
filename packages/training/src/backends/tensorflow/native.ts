/** What tfjs-node's backend is inside: one call per operation of TensorFlow's library, on tensors that are numbers. */
import type * as tf from "@tensorflow/tfjs";

/** A tensor of the library. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  /** The library's number of its type. */
  readonly dtype: number;
}

/** An attribute of an operation, with the library's number of the attribute's type. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean;
}

/** The addon. */
export interface NativeBinding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
  /** Keeps `values` without a copy. */
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  executeOp(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[];
}

/** What our kernels use of the backend; none of it is promised by tfjs-node. */
export interface NativeBackend {
  readonly binding: NativeBinding;
  /** The numbers of tensors, whose values reach the library with their first use. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  /** Makes a tensor of the library one of TensorFlow.js, which gives it back from then on. */
  createOutputTensor(found: NativeTensor): tf.Tensor;
}

/** The backend's inside, or null where it is not as this was written for. */
export function nativeOf(backend: unknown): NativeBackend | null {
  if (!hasFunctions(backend, ["getInputTensorIds", "createOutputTensor"])) return null;
  const { binding } = backend as { readonly binding?: unknown };
  if (!hasFunctions(binding, ["createTensor", "deleteTensor", "executeOp"])) return null;
  const constants = ["TF_FLOAT", "TF_INT32", "TF_ATTR_TYPE", "TF_ATTR_BOOL"];
  const isWhole = constants.every((name) => typeof Reflect.get(binding, name) === "number");
  return isWhole ? (backend as unknown as NativeBackend) : null;
}

function hasFunctions(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}
