/** What a bundler serves as files beside the code. */

/**
 * Address of TensorFlow.js' single-threaded WebAssembly binary with SIMD.
 *
 * Bundlers see this very form, put the file among the built ones and its address in place of it; without one there is
 * nothing at the address.
 */
export function stockBinaryUrl(): string {
  return new URL("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm", import.meta.url)
    .href;
}
