/** Which kernels of whole layers are ours on TensorFlow's library. They replace none: layers ask for them by name (`layers/fused.ts`). */
import * as tf from "@tensorflow/tfjs";
import { splitAttention, splitAttentionGradient } from "./attention.ts";
import { gelu, geluGradient } from "./gelu.ts";
import type { NativeKernel } from "./kernel.ts";
import { layerNorm, layerNormGradient } from "./layer-norm.ts";
import type { NativeBackend } from "./native.ts";
import { compute } from "./operations.ts";
import type { MatmulPrecision } from "./precision.ts";
import { multiplyExactly, multiplyRounded } from "./precision.ts";
import { sumOfProducts } from "./sum-of-products.ts";

const ownKernels: Readonly<Record<string, NativeKernel>> = {
  FedtuneSumOfProducts: sumOfProducts(multiplyExactly),
  FedtuneGelu: gelu,
  FedtuneGeluGradient: geluGradient,
  FedtuneLayerNorm: layerNorm,
  FedtuneLayerNormGradient: layerNormGradient,
  FedtuneSplitAttention: splitAttention,
  FedtuneSplitAttentionGradient: splitAttentionGradient,
};
/** What takes their place where large products are computed in bfloat16. */
const roundedKernels: Readonly<Record<string, NativeKernel>> = {
  FedtuneSumOfProducts: sumOfProducts(multiplyRounded),
};
const backendName = "tensorflow";

/** Puts our kernels in place, in the place of any that were. */
export function installNativeKernels(
  backend: NativeBackend,
  precision: MatmulPrecision = "f32",
): void {
  removeNativeKernels();
  const chosen = precision === "f32" ? ownKernels : { ...ownKernels, ...roundedKernels };
  for (const [kernelName, own] of Object.entries(chosen))
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs: attributes = {} }) =>
        compute(backend, (operations) => own({ operations, inputs, attributes })),
    });
}

/** Takes them out: layers compute from TensorFlow.js' operations again. */
export function removeNativeKernels(): void {
  for (const kernelName of Object.keys(ownKernels)) {
    // The type promises a kernel that may not be there.
    const found = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    if (found !== undefined) tf.unregisterKernel(kernelName, backendName);
  }
}
