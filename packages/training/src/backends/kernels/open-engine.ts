/** Compiles our kernels for a memory. */
import type { Engine, KernelExports } from "./engine.ts";
import { createEngine } from "./engine.ts";
import { plainKernels, sharedKernels } from "./generated/binaries.ts";
import type { Heap } from "./heap.ts";
import type { WasmModule } from "./web-assembly.ts";
import { webAssembly } from "./web-assembly.ts";

/** An engine on one thread, and the module that further threads make their instances of. */
export interface OpenEngine {
  readonly engine: Engine;
  readonly module: WasmModule;
}

/** Opens an engine; `maySleep` says whether the calling thread may wait for others. @throws Error without SIMD */
export async function openEngine(
  heap: Heap,
  { maySleep }: { readonly maySleep: boolean },
): Promise<OpenEngine> {
  const module = await webAssembly.compile(kernelBytes(heap.shared ? "shared" : "plain"));
  const { exports } = new webAssembly.Instance(module, { env: { memory: heap.memory } });
  return { module, engine: createEngine(heap, exports as KernelExports, maySleep) };
}

/** The compiled kernels; the two differ only in the memory that they import. */
export function kernelBytes(memory: "plain" | "shared"): Uint8Array {
  const text = atob(memory === "shared" ? sharedKernels : plainKernels);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
