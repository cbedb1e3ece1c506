/** WebGPU in Node through Dawn, if the package `webgpu` is installed. */
import type { Backend } from "./backend.ts";
import type { Gpu, GpuRequest } from "./webgpu.ts";
import { webgpuOver } from "./webgpu.ts";

interface Dawn {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: object;
}

/** Dawn of this thread: its devices, and the process with them, die with an instance that nobody holds any more. */
let opened: Promise<Gpu> | null = null;

/** Needs the optional package; nothing else asks for it. */
export function nodeWebgpuOver(request: GpuRequest = {}): Backend<"webgpu"> {
  return webgpuOver(async () => {
    const gpu = await (opened ??= openDawn());
    const scope = globalThis as { navigator?: object };
    scope.navigator ??= {};
    Object.defineProperty(scope.navigator, "gpu", { value: gpu, configurable: true });
    return gpu;
  }, request);
}

async function openDawn(): Promise<Gpu> {
  const name = "webgpu";
  let dawn: Dawn;
  try {
    dawn = (await import(name)) as Dawn;
  } catch (cause) {
    throw new Error("the package `webgpu` is not installed; `npm install webgpu` adds it", {
      cause,
    });
  }
  Object.assign(globalThis, dawn.globals);
  return dawn.create([]);
}
