/** WebAssembly with SIMD, in Node and in browsers, with our kernels or TensorFlow.js' own: the same bits on any number of threads. */
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import type { KernelRequest } from "./kernels/attach.ts";
import { attachKernels } from "./kernels/attach.ts";
import { withSharedMemory } from "./kernels/shared-memory.ts";
import type { ThreadPlatform } from "./kernels/threads.ts";
import { wantedThreads } from "./kernels/threads.ts";
import { webAssembly } from "./kernels/web-assembly.ts";

/** TensorFlow.js' WebAssembly backend over a platform's threads. */
export function wasmOver(platform: ThreadPlatform, request: KernelRequest): Backend {
  const share = request.kernels === "own" && wantedThreads(request.threads, platform.cores) > 1;
  return {
    name: "wasm",
    tfName: "wasm",
    async load() {
      const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      // Its own threads are not reliable in Node, and change results.
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
      setThreadsCount(1);
      const started = "wasm" in tf.engine().registry;
      const url = share && !started ? await sharedBinary(platform) : null;
      if (url !== null) setWasmPaths(pathsTo(url), true);
    },
    finish: () => attachKernels(request, platform),
  };
}

/** Address of the stock binary with a memory that threads share, or null where that is not to be had. */
async function sharedBinary(platform: ThreadPlatform): Promise<string | null> {
  try {
    const bytes = withSharedMemory(await platform.readStockBinary());
    if (!webAssembly.validate(bytes)) return null;
    // Address space for it may be short.
    new webAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
    return URL.createObjectURL(new Blob([bytes.slice()], { type: "application/wasm" }));
  } catch {
    return null;
  }
}

/** TensorFlow.js wants a path for each binary that it might choose. */
function pathsTo(url: string) {
  return {
    "tfjs-backend-wasm.wasm": url,
    "tfjs-backend-wasm-simd.wasm": url,
    "tfjs-backend-wasm-threaded-simd.wasm": url,
  };
}
