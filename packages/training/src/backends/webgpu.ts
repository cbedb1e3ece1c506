/** WebGPU on real hardware; a software adapter is slower than WebAssembly and is refused. */
import type { Backend } from "./backend.ts";

interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: { readonly isFallbackAdapter?: boolean; readonly architecture?: string };
}

/** The `navigator.gpu` of the platform, as far as it is used. */
export interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

/** The backend over whatever provides `navigator.gpu`. */
export function webgpuOver(provide: () => Promise<Gpu>): Backend {
  return {
    name: "webgpu",
    tfName: "webgpu",
    async load() {
      const adapter = await (await provide()).requestAdapter();
      if (adapter === null) throw new Error("there is no GPU adapter");
      if (isSoftware(adapter)) throw new Error("the only GPU adapter is a software one");
      await import("@tensorflow/tfjs-backend-webgpu");
    },
  };
}

function isSoftware({ isFallbackAdapter, info }: GpuAdapter): boolean {
  return (
    isFallbackAdapter === true ||
    info?.isFallbackAdapter === true ||
    info?.architecture === "swiftshader"
  );
}
