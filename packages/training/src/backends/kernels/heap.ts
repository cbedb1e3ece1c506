/** The memory of TensorFlow.js' wasm backend, as our kernels use it. */
import type * as tf from "@tensorflow/tfjs";
import type { WasmMemory } from "./web-assembly.ts";

/** What is used of the backend beyond its public interface; version 4.22 has it, and {@link heapOf} checks. */
interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    readonly wasmMemory?: WasmMemory;
    readonly asm?: { readonly memory?: WasmMemory };
    _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
  };
  readonly dataIdMap: { get(id: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
  incRef(id: object): void;
}

/** Tensors and scratch in one memory; addresses are bytes and stay valid when the memory grows. */
export interface Heap {
  readonly memory: WasmMemory;
  /** True when threads can work in it. */
  readonly shared: boolean;
  address(tensor: tf.TensorInfo): number;
  /** A new float32 tensor whose values are whatever was there. */
  output(shape: readonly number[]): tf.TensorInfo;
  /** The same values under the same id, counted once more. */
  share(tensor: tf.TensorInfo): tf.TensorInfo;
  allocate(bytes: number): number;
  free(address: number): void;
}

/** Opens the memory of a started wasm backend. @throws Error when its internals are not those of version 4.22 */
export function heapOf(backend: object): Heap {
  const wasmBackend = backend as WasmBackend;
  const { wasm } = wasmBackend;
  const memory = wasm.wasmMemory ?? wasm.asm?.memory;
  if (memory?.buffer !== wasm.HEAPU8.buffer)
    throw new Error("the backend's memory is not where it is expected");
  refuseNullAddresses(wasm);
  return {
    memory,
    // The global is hidden in pages that are not isolated; the tag is not.
    shared: Object.prototype.toString.call(memory.buffer) === "[object SharedArrayBuffer]",
    address: ({ dataId }) => wasmBackend.dataIdMap.get(dataId).memoryOffset,
    output: (shape) => wasmBackend.makeOutput(shape, "float32"),
    share({ dataId, shape, dtype }) {
      wasmBackend.incRef(dataId);
      return { dataId, shape, dtype };
    },
    allocate: (bytes) => wasm._malloc(bytes) >>> 0,
    free: (address) => wasm._free(address),
  };
}

/** A full memory gives the address 0, which the stock backend writes to: over its own data. An error is better. */
function refuseNullAddresses(wasm: WasmBackend["wasm"]): void {
  // The first call replaces the function by the real one.
  wasm._free(wasm._malloc(16));
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) {
      const used = Math.round(wasm.HEAPU8.length / 2 ** 20);
      throw new Error(
        `Cannot allocate ${bytes} bytes: WebAssembly's memory is full at ${used} MiB; a smaller microBatchSize needs less`,
      );
    }
    return address;
  };
}
