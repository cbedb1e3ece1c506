/** Which kernels of the wasm backend are ours, and how they take the place of the stock ones. */
import * as tf from "@tensorflow/tfjs";
import { attention, attentionGradient } from "./attention.ts";
import type { Engine } from "./engine.ts";
import { identity } from "./identity.ts";
import type { OwnKernel } from "./kernel.ts";
import { layerNorm, layerNormGradient } from "./layer-norm.ts";
import { batchMatMul, fusedMatMul } from "./mat-mul.ts";
import { erf, gelu, geluGradient } from "./pointwise.ts";
import { sumOfProducts } from "./sum-of-products.ts";

/** Kernels of TensorFlow.js that ours replace, and kernels of our own that layers ask for (`layers/fused.ts`). */
const ownKernels: Readonly<Record<string, OwnKernel>> = {
  BatchMatMul: batchMatMul,
  _FusedMatMul: fusedMatMul,
  Erf: erf,
  Identity: identity,
  FedtuneSumOfProducts: sumOfProducts,
  FedtuneGelu: gelu,
  FedtuneGeluGradient: geluGradient,
  FedtuneLayerNorm: layerNorm,
  FedtuneLayerNormGradient: layerNormGradient,
  FedtuneAttention: attention,
  FedtuneAttentionGradient: attentionGradient,
};

const backendName = "wasm";
const stockKernels = new Map<string, tf.KernelConfig>();

/** Puts our kernels in place; each hands what it cannot do to the stock one. */
export function installKernels(engine: Engine): void {
  removeKernels();
  for (const [kernelName, own] of Object.entries(ownKernels)) {
    // The type promises a kernel that may not be there.
    const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    if (stock !== undefined) {
      stockKernels.set(kernelName, stock);
      tf.unregisterKernel(kernelName, backendName);
    }
    tf.registerKernel({
      ...stock,
      kernelName,
      backendName,
      kernelFunc: calling(own, engine, stock),
    });
  }
}

/** Puts the stock kernels back. */
export function removeKernels(): void {
  for (const kernelName of Object.keys(ownKernels)) {
    if (installed(kernelName)) tf.unregisterKernel(kernelName, backendName);
    const stock = stockKernels.get(kernelName);
    if (stock !== undefined) tf.registerKernel(stock);
  }
  stockKernels.clear();
}

const ours = new WeakSet<tf.KernelFunc>();

function installed(kernelName: string): boolean {
  const found = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  return found !== undefined && ours.has(found.kernelFunc);
}

function calling(
  own: OwnKernel,
  engine: Engine,
  stock: tf.KernelConfig | undefined,
): tf.KernelFunc {
  const kernelFunc: tf.KernelFunc = (params) => {
    const { inputs, attrs = {} } = params;
    const result = own({ engine, inputs, attributes: attrs });
    if (result !== null) return result;
    if (stock === undefined) throw new RangeError("Cannot run a kernel of ours on these inputs");
    return stock.kernelFunc(params);
  };
  ours.add(kernelFunc);
  return kernelFunc;
}
