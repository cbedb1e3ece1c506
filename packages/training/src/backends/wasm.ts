/** WebAssembly with SIMD, on one thread: the same bits for the same job, in Node and in browsers. */
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";

/** TensorFlow.js' own WebAssembly backend. */
export const wasm: Backend = {
  name: "wasm",
  tfName: "wasm",
  async load() {
    const { setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
    // More threads are not reliable in Node, and one is what makes results repeatable.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    setThreadsCount(1);
  },
};
