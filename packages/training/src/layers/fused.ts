/** Kernels of whole layers, which a backend may have; the others compute the same from TensorFlow.js' operations. */
import * as tf from "@tensorflow/tfjs";

/** What each kernel gives; inputs, attributes and shapes are told where it is made, in `backends/kernels` and `backends/tensorflow`. */
export interface FusedResults {
  FedtuneSumOfProducts: readonly [sum: tf.Tensor];
  /** Where the kernel gives a second tensor, its gradient wants that in the place of x. */
  FedtuneGelu: readonly [y: tf.Tensor, kept?: tf.Tensor];
  FedtuneGeluGradient: readonly [dx: tf.Tensor];
  FedtuneLayerNorm: readonly [y: tf.Tensor, xhat: tf.Tensor, inverse: tf.Tensor];
  FedtuneLayerNormGradient: readonly [dx: tf.Tensor];
  FedtuneAttention: readonly [y: tf.Tensor, kept: tf.Tensor];
  FedtuneAttentionGradient: readonly [dq: tf.Tensor, dk: tf.Tensor, dv: tf.Tensor];
  FedtuneSplitAttention: readonly [y: tf.Tensor, ...kept: readonly tf.Tensor[]];
  FedtuneSplitAttentionGradient: readonly [dq: tf.Tensor, dk: tf.Tensor, dv: tf.Tensor];
}
/** Names of such kernels. */
export type FusedName = keyof FusedResults;

/** One call of such a kernel. */
export interface FusedCall {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly attributes?: Readonly<
    Record<string, number | boolean | readonly number[] | readonly boolean[]>
  >;
}

/** Whether the current backend has the kernel. */
export function hasFused(name: FusedName): boolean {
  // The type promises a kernel that may not be there.
  return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

/** Runs the kernel, without a gradient; null where the current backend has none. */
export function runFused<Name extends FusedName>(
  name: Name,
  { inputs, attributes = {} }: FusedCall,
): FusedResults[Name] | null {
  if (!hasFused(name)) return null;
  const found = tf.engine().runKernel(name, inputs, attributes);
  return (Array.isArray(found) ? found : [found]) as readonly tf.Tensor[] as FusedResults[Name];
}
