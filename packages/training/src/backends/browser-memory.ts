/** How much memory the current backend holds. */
import * as tf from "@tensorflow/tfjs";

/** What backends of TensorFlow.js 4.22 tell beyond their public types. */
interface Internals {
  readonly wasm?: { readonly HEAPU8: Uint8Array };
}
interface GraphicsMemory {
  readonly numBytesAllocatedInGPU?: number;
  readonly numBytesInGPUAllocated?: number;
}

/** Bytes: WebAssembly's memory, which never shrinks, or what is allocated on the graphics card, or what live tensors hold. */
export function deviceMemory(): number {
  const { wasm } = tf.backend() as Internals;
  if (wasm !== undefined) return wasm.HEAPU8.length;
  const memory = tf.memory();
  const { numBytesAllocatedInGPU, numBytesInGPUAllocated } = memory as GraphicsMemory;
  return numBytesAllocatedInGPU ?? numBytesInGPUAllocated ?? memory.numBytes;
}
