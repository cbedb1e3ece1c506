/** WebAssembly with SIMD, in Node and in browsers, with our kernels or TensorFlow.js' own: the same bits on any number of threads. */
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import { refusal } from "./backend.ts";
import type { KernelRequest } from "./kernels/attach.ts";
import { attachKernels } from "./kernels/attach.ts";
import { withSharedMemory } from "./kernels/shared-memory.ts";
import type { ThreadPlatform } from "./kernels/threads.ts";
import { wantedThreads } from "./kernels/threads.ts";
import { webAssembly } from "./kernels/web-assembly.ts";

/** TensorFlow.js' WebAssembly backend over a platform's threads. */
export function wasmOver(platform: ThreadPlatform, request: KernelRequest): Backend<"wasm"> {
  const { alone, cores } = platform;
  const threads = alone === undefined ? wantedThreads(request.threads, cores) : 1;
  const share = request.kernels === "own" && threads > 1;
  let takeBack = (): void => undefined;
  return {
    name: "wasm",
    tfName: "wasm",
    async load() {
      const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      // Its own threads are not reliable in Node, and change results.
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
      setThreadsCount(1);
      if ("wasm" in tf.engine().registry) return;
      const binary = await platform.readStockBinary();
      if (!webAssembly.validate(binary))
        throw refusal("missing", "WebAssembly has no SIMD instructions here");
      setWasmPaths(pathsTo(handedOver), true);
      takeBack = handOver((share ? withThreads(binary) : null) ?? binary);
    },
    finish() {
      takeBack();
      return attachKernels(request, platform);
    },
  };
}

/** The binary with a memory that threads share, or null where that is not to be had. */
function withThreads(binary: Uint8Array): Uint8Array | null {
  try {
    const shared = withSharedMemory(binary);
    if (!webAssembly.validate(shared)) return null;
    // Address space for it may be short.
    new webAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
    return shared;
  } catch {
    return null;
  }
}

/** What TensorFlow.js believes to be the address of its binary. */
const handedOver = "fedtune-handed-over.wasm";

/**
 * Answers TensorFlow.js' request for its binary with these bytes; the result ends that.
 *
 * The address of a Blob would do the same, but no page's content security policy should have to allow those.
 */
function handOver(binary: Uint8Array): () => void {
  const { platform } = tf.env();
  const usual = platform.fetch.bind(platform);
  platform.fetch = (path, init) =>
    path === handedOver
      ? Promise.resolve(new Response(Uint8Array.from(binary)))
      : usual(path, init);
  return () => {
    platform.fetch = usual;
  };
}

/** TensorFlow.js wants a path for each binary that it might choose. */
function pathsTo(path: string) {
  return {
    "tfjs-backend-wasm.wasm": path,
    "tfjs-backend-wasm-simd.wasm": path,
    "tfjs-backend-wasm-threaded-simd.wasm": path,
  };
}
